/** Reads the script tag, finds out what is published, and wires everything together. */
import {hearBrowser, type Published} from './config';
import {createConsent} from './consent';
import {grantsAnything} from './decision';
import {emit} from './events';
import {type Gate, startGate} from './gate';
import {ownTag} from './own-tag';
import {createPageApi, type PageApi, type Parts} from './page-api';
import {createLoader} from './part';
import {signalsOf} from './signals';
import {lookOnce, readState} from './store';
import {createScreen} from './ui';

/** What the server wraps around this script at `/s/{site}.js`. */
declare const CONSENT_SITE: Published;

declare global {
  interface Window {
    ConsentServer?: PageApi | ((api: PageApi) => void)[];
  }
}

/** The tag's address up to our own path is the service's address. */
function readTag(): {base: string; site: string; nonce: string} {
  const tag = ownTag();
  const [base = ''] = /^.*(?=\/(s|widget)\/)/.exec(tag?.src ?? '') ?? [];
  return {base, site: tag?.dataset.site ?? '', nonce: tag?.nonce ?? ''};
}

function wire(
  base: string,
  nonce: string,
  published: Published,
  loadPart: ReturnType<typeof createLoader>,
): Parts & {start(): Promise<void>} {
  const signals = signalsOf(published.bundle.signals);
  let isPending = grantsAnything(readState()?.categories);
  signals.start(isPending);
  const screen = createScreen(published);
  let gate: Gate | undefined;
  const page = {
    face: screen,
    apply(granted: Set<string>) {
      signals.apply(granted);
      gate?.apply();
    },
    hasRun: (category: string) => gate?.hasRun(category) ?? false,
    reload: () => location.reload(),
  };
  const consent = createConsent(base, published, page, loadPart);
  screen.connect(consent);
  whenParsed(() => {
    gate = startGate(consent.allows, () => isPending, screen.placeholder, nonce, loadPart);
  });
  async function start(): Promise<void> {
    await consent.start();
    isPending = false;
    gate?.apply();
  }
  return {consent, screen, start};
}

/**
 * A script tag is whole only once the parser has passed it, and scripts run in document order. What asks comes first: what is
 * held back waits in any case.
 */
function whenParsed(start: () => void): void {
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', start, {once: true});
  } else {
    setTimeout(start);
  }
}

async function load(): Promise<Parts | undefined> {
  const {base, site, nonce} = readTag();
  try {
    // After this script, before any other.
    await null;
    const loadPart = createLoader(base, nonce);
    // A pinned build comes without its site.
    const published = typeof CONSENT_SITE === 'undefined' ? await (await loadPart())?.fetchPublished(base, site) : CONSENT_SITE;
    if (!published) {
      emit('error', {reason: 'service_unusable'});
      return undefined;
    }
    void lookOnce();
    const parts = wire(base, nonce, hearBrowser(published), loadPart);
    // A page rendered ahead of time was not visited; an element of this name says nothing.
    if ((document as {prerendering?: unknown}).prerendering === true) {
      await new Promise((resolve) => document.addEventListener('prerenderingchange', resolve, {once: true}));
    }
    await parts.start();
    return parts;
  } catch {
    emit('error', {reason: 'failed'});
    return undefined;
  }
}

// An element of this name is found there too.
const before = window.ConsentServer;
if (!(before as PageApi | undefined)?.getReceipt) {
  const loading = load();
  const api = createPageApi(loading);
  try {
    window.ConsentServer = api;
  } catch {
    // The page does not let it be written; the question is asked all the same.
  }
  for (const callback of Array.isArray(before) ? before : []) {
    api.push(callback);
  }
  void loading.then((parts) => emit('ready', {granted: parts?.consent.granted() ?? []}));
}
