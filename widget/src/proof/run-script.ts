/**
 * Runs one marked script: a fresh element in its place, because a browser decides only once whether an element runs.
 */
import type {trusted} from '../trusted';

/** Milliseconds for which those after it wait for a script: some never say that they are done. */
const PATIENCE = 10_000;

/** Lets the browser draw what a choice has changed. A hidden page is not drawn. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 100);
  });
}

/**
 * A script in the page that writes into it after it was read would begin a new, empty page. Browsers ignore that from scripts that
 * were fetched; the page's own functions are hidden, not replaced, for as long as one of its scripts runs.
 */
function withoutWriting(run: () => void): void {
  const names = ['write', 'writeln', 'open'];
  for (const name of names) {
    Object.defineProperty(document, name, {value: () => document, configurable: true});
  }
  try {
    run();
  } finally {
    for (const name of names) {
      delete (document as unknown as Record<string, unknown>)[name];
    }
  }
}

/** @returns when the script has run or failed and the page has had its turn; rejects when the page's policy forbids it */
export async function runScript(held: HTMLScriptElement, policy: ReturnType<typeof trusted>): Promise<void> {
  const script = held.cloneNode() as HTMLScriptElement;
  // `dataset` also finds what the page has taught all objects.
  const address = held.getAttribute('data-src') ?? held.getAttribute('src');
  script.type = held.getAttribute('data-type') ?? '';
  // The attribute is hidden from scripts on a page with a policy; the property is not.
  script.nonce = held.nonce;
  script.async = held.hasAttribute('async');
  if (address === null) {
    script.text = policy.createScript(held.text);
  } else {
    script.src = policy.createScriptURL(address);
  }
  await new Promise((resolve) => {
    script.onload = script.onerror = () => setTimeout(resolve);
    withoutWriting(() => held.replaceWith(script));
    setTimeout(resolve, address === null || script.async || script.noModule ? 0 : PATIENCE);
  });
}
