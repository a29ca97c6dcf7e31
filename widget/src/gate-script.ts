/**
 * Runs one marked script: a fresh element in its place, because a browser decides only once whether an element runs.
 */
import {trusted} from './trusted';

/** Milliseconds for which those after it wait for a script: some never say that they are done. */
const PATIENCE = 10_000;

/** Lets the browser draw what a choice has changed. A hidden page is not drawn. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 100);
  });
}

/** @returns when the script has run or failed and the page has had its turn; rejects when the page's policy forbids it */
export async function runScript(held: HTMLScriptElement): Promise<void> {
  const script = held.cloneNode() as HTMLScriptElement;
  const {src, type = ''} = held.dataset;
  const address = src ?? held.getAttribute('src');
  script.type = type;
  // The attribute is hidden from scripts on a page with a policy; the property is not.
  script.nonce = held.nonce;
  script.async = held.hasAttribute('async');
  if (address === null) {
    script.text = trusted().createScript(held.text);
  } else {
    script.src = trusted().createScriptURL(address);
  }
  await new Promise((resolve) => {
    script.onload = script.onerror = () => setTimeout(resolve);
    held.replaceWith(script);
    setTimeout(resolve, address === null || script.async || script.noModule ? 0 : PATIENCE);
  });
}
