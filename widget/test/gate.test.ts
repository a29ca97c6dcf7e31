import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {type Gate, startGate} from '../src/gate';

let granted: Set<string>;
let gate: Gate;

/** The environment runs no scripts; a script ran when an element without the holding type stands in its place. */
const running = () =>
  [...document.querySelectorAll('script')].filter((script) => script.type !== 'text/plain').map((script) => script.id);

function start(html: string, nonce = ''): void {
  document.body.innerHTML = html;
  gate = startGate({
    allows: (category) => granted.has(category),
    placeholder: () => document.createElement('aside'),
    nonce,
  });
}

async function grant(...categories: string[]): Promise<void> {
  granted = new Set(categories);
  gate.apply();
  await settle();
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

const observers: MutationObserver[] = [];

beforeEach(() => {
  granted = new Set();
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
  const held: EventListener[] = [];
  vi.spyOn(HTMLScriptElement.prototype, 'addEventListener').mockImplementation((type, listener) => {
    type === 'load' && held.push(listener as EventListener);
  });

  await grant('analytics');
  expect(running()).toEqual(['a']);
  held.shift()?.(new Event('load'));
  await settle();
  expect(running()).toEqual(['a', 'b', 'c']);
  held.shift()?.(new Event('load'));
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
  expect(document.querySelector('aside')).toBeNull();

  await grant();
  expect(document.querySelector('iframe')).toBeNull();
  expect(document.querySelector('aside')).not.toBeNull();
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
  expect(document.querySelector('link')?.getAttribute('href')).toBe('data:,');
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
