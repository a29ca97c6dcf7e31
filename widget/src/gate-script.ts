/**
 * Runs one marked script: a fresh element in its place, because a browser decides only once whether an element runs.
 */
import {trusted} from './trusted';

/** Attributes that held the script back; `data-type` names its real type, `module` for instance. */
const HOLDING = ['type', 'src', 'data-src', 'data-type'];

/** @returns when the script has run or failed, so that the next one can follow; never rejects */
export async function runScript(held: HTMLScriptElement): Promise<void> {
  try {
    const script = document.createElement('script');
    for (const {name, value} of held.attributes) {
      if (!HOLDING.includes(name)) {
        script.setAttribute(name, value);
      }
    }
    const {src, type} = held.dataset;
    const address = src ?? held.getAttribute('src');
    script.type = type ?? '';
    type ?? script.removeAttribute('type');
    // The attribute is hidden from scripts on a page with a policy; the property is not.
    script.nonce = held.nonce;
    script.async = held.hasAttribute('async');
    if (address === null) {
      script.text = trusted().createScript(held.text);
    } else {
      script.src = trusted().createScriptURL(address);
    }
    const done = address === null || script.async ? undefined : settled(script);
    held.replaceWith(script);
    await done;
  } catch {
    // The page's policy forbids it: the script does not run.
  }
}

function settled(script: HTMLScriptElement): Promise<unknown> {
  return new Promise((resolve) => {
    script.addEventListener('load', resolve);
    script.addEventListener('error', resolve);
  });
}
