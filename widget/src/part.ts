/** Fetches the second part of the widget. Its address is its digest, and the browser checks that what comes has it. */
import type {ProofPart} from './proof';
import {trusted} from './trusted';

/** SHA-256 of the second part in base64url, 43 characters; the build writes it here. */
declare const PROOF_DIGEST: string;

/** The same as browsers are told it. */
declare const PROOF_INTEGRITY: string;

/** Milliseconds after which the second part is given up for now. */
const PATIENCE = 10_000;

/** Milliseconds after which it is asked for again. */
export const PAUSE = 30_000;

/** @returns fetches it once, and again after a failure; undefined when it cannot be had now. Never rejects. */
export function createLoader(base: string, nonce: string): () => Promise<ProofPart | undefined> {
  let loading: Promise<ProofPart | undefined> | undefined;
  let tries = 0;

  /** A script that is awaited holds up the page's `load`, and cannot be given up: it is fetched first, then run from the cache. */
  async function load(): Promise<ProofPart | undefined> {
    // From here on nothing else is running: Chromium notes where a fetch comes from, and takes the longer the more is.
    await null;
    const script: HTMLScriptElement & {proof?: ProofPart} = document.createElement('script');
    const address = `${base}/widget/${PROOF_DIGEST}.js`;
    const integrity = PROOF_INTEGRITY;
    const abort = new AbortController();
    await new Promise((resolve) => {
      setTimeout(() => resolve(abort.abort()), PATIENCE);
      // What a page has taught all objects says nothing of this request. A wrong answer may have been kept for a year.
      fetch(address, {__proto__: null, integrity, signal: abort.signal, cache: tries++ ? 'reload' : 'default'} as RequestInit)
        .then(() => {
          script.onload = script.onerror = resolve;
          script.crossOrigin = 'anonymous';
          script.integrity = integrity;
          script.nonce = nonce;
          script.src = trusted().createScriptURL(address);
          document.head.append(script);
        })
        .catch(resolve);
    }).catch(() => {});
    script.remove();
    return script.proof;
  }

  return async () => {
    loading ??= load();
    const part = await loading;
    if (!part) {
      loading = undefined;
    }
    return part;
  };
}
