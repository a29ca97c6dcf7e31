/** Fetches the second part of the widget. Its address is its digest, and the browser checks that what comes has it. */
import type {ProofPart} from './proof';
import {trusted} from './trusted';

/** SHA-256 of the second part in base64url, 43 characters; the build writes it here. */
declare const PROOF_DIGEST: string;

/** Milliseconds after which the second part is given up for now. */
const PATIENCE = 10_000;

/** @returns fetches it once, and again after a failure; undefined when it cannot be had now. Never rejects. */
export function createLoader(base: string, nonce: string): () => Promise<ProofPart | undefined> {
  let loading: Promise<ProofPart | undefined> | undefined;

  async function load(): Promise<ProofPart | undefined> {
    const script: HTMLScriptElement & {proof?: ProofPart} = document.createElement('script');
    await new Promise((resolve) => {
      script.onload = script.onerror = resolve;
      setTimeout(resolve, PATIENCE);
      script.crossOrigin = 'anonymous';
      script.integrity = `sha256-${PROOF_DIGEST.replace(/-/g, '+').replace(/_/g, '/')}=`;
      script.nonce = nonce;
      script.src = trusted().createScriptURL(`${base}/widget/${PROOF_DIGEST}.js`);
      document.head.append(script);
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
