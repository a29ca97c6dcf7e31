import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {type Gate, startGate} from '../src/gate';
import {proofPart} from '../src/proof';

let granted: Set<string>;
let gate: Gate;
let isPending: boolean;
let isPartThere: boolean;

/** The environment runs no scripts; a script ran when an element without the holding type stands in its place. */
const running = () =>
  [...document.querySelectorAll('script')].filter((script) => script.type !== 'text/plain').map((script) => script.id);

function start(html: string, nonce = '', load = async () => (isPartThere ? proofPart : undefined)): void {
  document.body.innerHTML = html;
  gate = startGate(
    (category) => granted.has(category),
    () => isPending,
    (_, earlier) => earlier ?? document.createElement('consent-placeholder'),
    nonce,
    load,
  );
}

async function grant(...categories: string[]): Promise<void> {
  granted = new Set(categories);
  gate.apply();
  await settle();
}

/** Long enough for a frame and a few scripts. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}

const observers: MutationObserver[] = [];

beforeEach(() => {
  granted = new Set();
  isPending = false;
  isPartThere = true;
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw));
  const Native = MutationObserver;
  vi.stubGlobal(
    'MutationObserver',
    class extends Native {
      constructor(callback: MutationCallback) {
        super(callback);
        observers.push(this);
      }
    },
  );
});

/** A page has one gate for as long as it lives; here every test brings its own. */
afterEach(() => {
  for (const observer of observers.splice(0)) {
    observer.disconnect();
  }
  document.body.innerHTML = '';
});

test('a script runs only once its category is granted, and once only', async () => {
  start('<script type="text/plain" data-category="analytics" id="a">1</script>');
  await settle();
  expect(running()).toEqual([]);

  await grant('analytics');
  const first = document.querySelector('#a');
  await grant();
  await grant('analytics');

  expect(running()).toEqual(['a']);
  expect(document.querySelector('#a')).toBe(first);
});

test('scripts run in document order: one waits for the external one before it, loaded or failed', async () => {
  start(`<script type="text/plain" data-category="analytics" data-src="https://x.test/a.js" id="a"></script>
    <script type="text/plain" data-category="analytics" id="b">2</script>
    <script type="text/plain" data-category="analytics" src="https://x.test/c.js" id="c"></script>
    <script type="text/plain" data-category="analytics" id="d">4</script>`);
  // The environment reports a load as soon as the element is in the page: hold the report back.
  const held: ((event: Event) => void)[] = [];
  vi.spyOn(HTMLScriptElement.prototype, 'onload', 'set').mockImplementation((listener) => {
    listener && held.push(listener);
  });

  await grant('analytics');
  expect(running()).toEqual(['a']);
  held.pop()?.(new Event('load'));
  await settle();
  expect(running()).toEqual(['a', 'b', 'c']);
  held.pop()?.(new Event('load'));
  await settle();
  expect(running()).toEqual(['a', 'b', 'c', 'd']);
});

test('attributes carry over, the type comes from data-type', async () => {
  start(
    '<script type="text/plain" data-type="module" data-category="analytics" id="a" crossorigin="anonymous" data-x="y">1</script>',
  );

  await grant('analytics');

  const script = document.querySelector<HTMLScriptElement>('#a');
  expect(script?.type).toBe('module');
  expect(script?.dataset.x).toBe('y');
  expect(script?.getAttribute('crossorigin')).toBe('anonymous');
});

test('a script of a category nobody knows never runs', async () => {
  start(
    '<script type="text/plain" data-category="ghost" id="a">1</script><script type="text/plain" data-category id="b">1</script>',
  );

  await grant('analytics');

  expect(running()).toEqual([]);
});

test('on a page with a nonce, a script with another or none is not ours to run', async () => {
  start(
    `<script type="text/plain" data-category="analytics" id="a" nonce="page">1</script>
     <script type="text/plain" data-category="analytics" id="b" nonce="other">1</script>
     <script type="text/plain" data-category="analytics" id="c">1</script>`,
    'page',
  );
  for (const script of document.querySelectorAll('script')) {
    script.nonce = script.getAttribute('nonce') ?? '';
  }

  await grant('analytics');

  expect(running()).toEqual(['a']);
});

test('a frame gives way to its placeholder, comes with the grant and goes with it', async () => {
  start('<iframe data-category="functional" data-src="about:blank"></iframe>');
  expect(document.querySelector('iframe')).toBeNull();

  await grant('functional');
  expect(document.querySelector('iframe')?.getAttribute('src')).toBe('about:blank');
  expect(document.querySelector('consent-placeholder')).toBeNull();

  await grant();
  expect(document.querySelector('iframe')).toBeNull();
  expect(document.querySelector('consent-placeholder')).not.toBeNull();
});

test('an attribute never becomes a script, and a link of the page never one of ours', async () => {
  start(`<iframe data-category="necessary" data-src="javascript:parent.ran=1"></iframe>
    <iframe data-category="marketing" data-src=" java&#10;script:parent.ran=1"></iframe>
    <a data-category="necessary" data-href="https://shop.example/">x</a>`);

  await grant('necessary', 'marketing');

  expect([...document.querySelectorAll('iframe')].map((frame) => frame.getAttribute('src'))).toEqual([null, null]);
  expect(document.querySelector('a')?.hasAttribute('href')).toBe(false);
});

test('images, links and templates come and go with the grant', async () => {
  start(`<img data-category="marketing" data-src="data:,"><link data-category="marketing" data-href="data:,">
    <template data-category="marketing"><p id="offer">Offer</p></template>`);

  await grant('marketing');
  expect(document.querySelector('img')?.getAttribute('src')).toBe('data:,');
  expect(document.querySelector('link[data-category]')?.getAttribute('href')).toBe('data:,');
  expect(document.querySelectorAll('#offer')).toHaveLength(1);

  await grant('marketing', 'analytics');
  expect(document.querySelectorAll('#offer')).toHaveLength(1);

  await grant();
  expect(document.querySelector('img')?.hasAttribute('src')).toBe(false);
  expect(document.querySelector('#offer')).toBeNull();
});

test('elements that are added later are held back, and let through, as well', async () => {
  start('');
  await grant('analytics');

  const wrapper = document.createElement('div');
  wrapper.innerHTML =
    '<script type="text/plain" data-category="analytics" id="late">1</script><iframe data-category="functional" data-src="about:blank"></iframe>';
  document.body.append(wrapper);
  await settle();

  expect(running()).toEqual(['late']);
  expect(document.querySelector('iframe')).toBeNull();
});

test('a script that left the page before its turn holds up no other, and runs when it comes back', async () => {
  start(`<script type="text/plain" data-category="analytics" data-src="https://x.test/a.js" id="a"></script>
    <script type="text/plain" data-category="analytics" id="b">2</script>`);
  granted = new Set(['analytics']);
  gate.apply();
  const taken = document.querySelector('#a') as HTMLElement;
  taken.remove();
  await settle();
  expect(running()).toEqual(['b']);

  document.body.append(taken);
  await settle();

  expect(running()).toEqual(['b', 'a']);
});

test('what was held back is run once, wherever the page puts it afterwards', async () => {
  start('<div id="one"><script type="text/plain" data-category="analytics" id="a">1</script></div><div id="two"></div>');
  const held = document.querySelector('#a') as HTMLElement;
  await grant('analytics');

  document.querySelector('#two')?.append(held);
  await settle();

  expect(running()).toEqual(['a']);
  expect(held.isConnected).toBe(true);
});

test('a script can wait for several categories, and each of them counts as run', async () => {
  start('<script type="text/plain" data-category=" analytics  marketing" id="a">1</script>');
  await grant('analytics');
  expect(running()).toEqual([]);
  expect(gate.hasRun('analytics')).toBe(false);

  await grant('analytics', 'marketing');

  expect(running()).toEqual(['a']);
  expect(['analytics', 'marketing', 'functional'].map(gate.hasRun)).toEqual([true, true, false]);
});

test('the opposite runs and shows while the category is not granted; a script once, the rest comes and goes', async () => {
  start(`<script type="text/plain" data-category="!analytics" id="a">1</script>
    <template data-category="!analytics"><p id="plea">Please</p></template>
    <iframe data-category="!analytics" data-src="about:blank"></iframe>`);
  await settle();
  const shown = () => ['#plea', 'iframe'].map((name) => document.querySelector(name) !== null);
  expect(running()).toEqual(['a']);
  expect(shown()).toEqual([true, true]);

  await grant('analytics');
  expect(shown()).toEqual([false, false]);

  await grant();
  expect(shown()).toEqual([true, true]);
  expect(running()).toEqual(['a']);
});

test('the opposite waits while a grant is still being checked', async () => {
  isPending = true;
  start('<template data-category="!analytics"><p>Please</p></template>');
  expect(document.querySelector('p')).toBeNull();

  isPending = false;
  isPartThere = true;
  gate.apply();
  await settle();

  expect(document.querySelector('p')).not.toBeNull();
});

test('what the page does with a shown template is the page’s', async () => {
  start('<template data-category="marketing"><p id="offer">Offer</p></template><main></main>');
  await grant('marketing');
  const offer = document.querySelector('#offer') as HTMLElement;
  document.querySelector('main')?.append(offer);

  await grant('marketing', 'analytics');
  expect(offer.parentElement?.localName).toBe('main');

  await grant();
  expect(offer.isConnected).toBe(false);
});

test('a frame that a template brought goes with it, shown or held back', async () => {
  start('<template data-category="marketing"><iframe data-category="functional" data-src="about:blank"></iframe></template>');
  await grant('marketing');
  expect(document.querySelector('consent-placeholder')).not.toBeNull();

  await grant();
  expect(document.querySelector('consent-placeholder')).toBeNull();

  await grant('marketing', 'functional');
  expect(document.querySelectorAll('iframe[src], consent-placeholder')).toHaveLength(1);
});

test('a frame that the page moves while it is held back still has one placeholder', async () => {
  start('<iframe data-category="functional" data-src="about:blank"></iframe><main></main>');
  const standIn = document.querySelector('consent-placeholder') as HTMLElement;
  document.querySelector('main')?.append(standIn);
  await settle();
  await grant('functional');

  expect(document.querySelectorAll('main > iframe[src]')).toHaveLength(1);
  expect(document.querySelector('consent-placeholder')).toBeNull();
});

test('media and pictures: every address, and the media are told', async () => {
  const load = vi.spyOn(HTMLMediaElement.prototype, 'load').mockImplementation(() => {});
  start(`<video data-category="marketing" data-src="data:video/mp4," data-poster="data:,p"></video>
    <audio><source data-category="marketing" data-src="data:audio/ogg,"></audio>
    <picture><source data-category="marketing" data-srcset="data:,s"><img data-category="marketing" data-src="data:,i"></picture>
    <object data-category="marketing" data-data="data:,o"></object>`);
  const addresses = () =>
    ['video[src]', 'video[poster]', 'audio source[src]', 'picture source[srcset]', 'img[src]', 'object[data]'].map(
      (name) => document.querySelector(name) !== null,
    );
  expect(addresses()).toEqual(Array(6).fill(false));

  await grant('marketing');
  expect(addresses()).toEqual(Array(6).fill(true));
  expect(load).toHaveBeenCalledTimes(3);

  await grant();
  expect(addresses()).toEqual(Array(6).fill(false));
  expect(load).toHaveBeenCalledTimes(6);
});

test('one broken address holds up no other, and a form that hides its methods throws nothing', async () => {
  start('<img data-category="marketing" data-src="https://[" id="a"><img data-category="marketing" data-src="data:,b" id="b">');
  await grant('marketing');
  expect(document.querySelector('#b')?.hasAttribute('src')).toBe(true);

  const form = document.createElement('form');
  form.innerHTML = '<input name="querySelectorAll"><input name="matches"><img data-category="marketing" data-src="data:,c">';
  Object.assign(form, {querySelectorAll: 1, matches: 1});
  document.body.append(form);
  await settle();

  expect(document.querySelector('form img')?.hasAttribute('src')).toBe(true);
});

test('an address or a category that the page changes later counts at once', async () => {
  start('<img data-category="marketing" data-src="data:,a"><img data-category="analytics" data-src="data:,b">');
  await grant('marketing');
  const [one, other] = [...document.querySelectorAll('img')];

  one?.setAttribute('data-src', 'data:,new');
  other?.setAttribute('data-category', 'marketing');
  await settle();

  expect([one?.getAttribute('src'), other?.getAttribute('src')]).toEqual(['data:,new', 'data:,b']);
});

test('where the second part cannot be had everything stays held back, and is asked for once after each choice', async () => {
  isPartThere = false;
  granted = new Set(['analytics']);
  const load = vi.fn(async () => (isPartThere ? proofPart : undefined));
  start('<script type="text/plain" data-category="analytics" id="a">1</script>', '', load);
  for (let turn = 0; turn < 3; turn += 1) {
    document.body.append(document.createElement('p'));
    document.querySelector('script')?.setAttribute('data-service', `s${turn}`);
    await settle();
  }
  expect(running()).toEqual([]);
  expect(load).toHaveBeenCalledTimes(1);

  isPartThere = true;
  gate.apply();
  await settle();

  expect(running()).toEqual(['a']);
  expect(load).toHaveBeenCalledTimes(2);
});

test('a choice while the second part is on its way opens nothing twice', async () => {
  granted = new Set(['analytics']);
  start('<template data-category="analytics"><p>1</p></template>');
  gate.apply();
  gate.apply();
  await settle();

  expect(document.querySelectorAll('p').length).toBe(1);
});

test('nothing is fetched while nothing may be opened', async () => {
  const load = vi.fn(async () => proofPart);
  start('<iframe data-category="marketing" data-src="/f"></iframe><img data-category="analytics" data-src="/i">', '', load);
  await settle();

  expect(document.querySelector('iframe')).toBeNull();
  expect(document.querySelector('consent-placeholder')).not.toBeNull();
  expect(load).not.toHaveBeenCalled();
});
