/** Reads the script tag, finds out what is published, and wires everything together. */
import {fetchPublished} from './api';
import {type Published, readPublished} from './config';
import {createConsent} from './consent';
import {standing} from './decision';
import {emit} from './events';
import {type Gate, startGate} from './gate';
import {createPageApi, type PageApi, type Parts} from './page-api';
import {signalsOf} from './signals';
import {readState} from './store';
import {createScreen} from './ui';

/** What the server wraps around this script at `/s/{site}.js`. */
declare const CONSENT_SITE: unknown;

declare global {
  interface Window {
    ConsentServer?: PageApi | ((api: PageApi) => void)[];
  }
}

/** The tag's address up to our own path is the service's address. */
function readTag(): {base: string; site: string; nonce: string} {
  // Read past the document's own properties, which an element named `currentScript` replaces.
  const current = Object.getOwnPropertyDescriptor(Document.prototype, 'currentScript')?.get?.call(document);
  const tag = current instanceof HTMLScriptElement ? current : undefined;
  const [base = ''] = /^.*(?=\/(s|widget)\/)/.exec(tag?.src ?? '') ?? [];
  return {base, site: tag?.dataset.site ?? '', nonce: tag?.nonce ?? ''};
}

function wire(base: string, nonce: string, published: Published): Parts & {start(): Promise<void>} {
  const signals = signalsOf(published.bundle.signals);
  const earlier = readState();
  const isPending = published.bundle.categories.some(({id}) => standing(published.bundle, earlier, id, Date.now()) === 'granted');
  signals.start(isPending);
  const screen = createScreen(published);
  let gate: Gate | undefined;
  const consent = createConsent(base, published, screen, (granted) => {
    signals.apply(granted);
    gate?.apply();
  });
  screen.connect(consent);
  whenParsed(() => {
    gate = startGate({allows: consent.allows, placeholder: screen.placeholder, nonce});
  });
  document.addEventListener('click', (event) => {
    const target = (event.composedPath()[0] as Element | undefined)?.closest?.('[data-consent]');
    const wish = target?.getAttribute('data-consent');
    if (wish === 'open') {
      screen.showPreferences();
    } else if (wish === 'withdraw') {
      void consent.decide({action: 'withdraw', method: 'preferences', isTrusted: event.isTrusted});
    } else {
      return;
    }
    event.preventDefault();
  });
  return {consent, screen, start: consent.start};
}

/** A script tag is whole only once the parser has passed it, and scripts run in document order. */
function whenParsed(start: () => void): void {
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', start, {once: true});
  } else {
    start();
  }
}

async function load(): Promise<Parts | undefined> {
  const {base, site, nonce} = readTag();
  try {
    const published = typeof CONSENT_SITE === 'undefined' ? await fetchPublished(base, site) : readPublished(CONSENT_SITE);
    if (!published) {
      emit('error', {reason: 'service_unusable'});
      return undefined;
    }
    const parts = wire(base, nonce, published);
    await parts.start();
    return parts;
  } catch {
    emit('error', {reason: 'failed'});
    return undefined;
  }
}

const before = window.ConsentServer;
if (!before || Array.isArray(before)) {
  const loading = load();
  const api = createPageApi(loading);
  window.ConsentServer = api;
  for (const callback of before ?? []) {
    api.push(callback);
  }
  void loading.then((parts) => emit('ready', {granted: parts?.consent.granted() ?? []}));
}
