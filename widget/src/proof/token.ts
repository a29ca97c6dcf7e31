/**
 * Checks a consent token in the browser: its one spelling, audience, time, and the Ed25519 signature where the browser has it.
 */
import type {Key} from '../config';
import {json} from './json';

/** What a good token allows: these categories, until then. */
export interface Grant {
  token: string;
  categories: Set<string>;
  /** Milliseconds. The server's clock had reached `from` when it signed, whatever the clock of this device says. */
  from: number;
  until: number;
}

export type TokenFault = 'token_invalid' | 'key_unknown';

interface Claims {
  aud: string;
  /** Seconds. */
  iat: number;
  exp: number;
  categories: Record<string, {granted: boolean}>;
}

/** Bytes of an Ed25519 signature. */
const SIGNATURE = 64;

/**
 * Header and claims are accepted in one spelling only: what is written again, members sorted and without white space, is
 * the same text. So nothing is said twice, and no two readers can take the token differently.
 * A token that begins in the future is good: what the server has signed shows that the clock of this device is slow.
 *
 * @param now milliseconds since 1970
 * @returns the grant, or why there is none; never throws
 */
export async function checkToken(token: string, site: string, keys: Key[], now: number): Promise<Grant | TokenFault> {
  try {
    const [header = '', payload = '', signature = '', ...more] = token.split('.');
    const {kid} = JSON.parse(readText(header)) as {kid: unknown};
    const claims = JSON.parse(readText(payload)) as Claims;
    const {aud, iat, exp} = claims;
    if (
      more.length > 0 ||
      typeof kid !== 'string' ||
      header !== spell({alg: 'EdDSA', kid, typ: 'consent+jwt'}) ||
      payload !== spell(claims) ||
      aud !== site ||
      !Number.isSafeInteger(iat) ||
      !Number.isSafeInteger(exp) ||
      !(iat < exp && now < exp * 1000)
    ) {
      return 'token_invalid';
    }
    const key = keys.find((candidate) => candidate.kid === kid);
    if (!key) {
      return 'key_unknown';
    }
    if (!(await isSigned(`${header}.${payload}`, decode(signature), key))) {
      return 'token_invalid';
    }
    const granted = Object.entries(claims.categories).filter(([, category]) => category.granted === true);
    return {token, categories: new Set(granted.map(([id]) => id)), from: iat * 1000, until: exp * 1000};
  } catch {
    return 'token_invalid';
  }
}

/**
 * True when the signature is right, and also when this browser cannot tell: without WebCrypto (a page on plain http)
 * or without Ed25519 in it, the state on the device and the form of the token decide alone.
 */
async function isSigned(signed: string, signature: Uint8Array<ArrayBuffer>, key: Key): Promise<boolean> {
  if (signature.length !== SIGNATURE) {
    return false;
  }
  let publicKey: CryptoKey;
  try {
    publicKey = await crypto.subtle.importKey('jwk', {kty: 'OKP', crv: 'Ed25519', x: key.x}, 'Ed25519', false, ['verify']);
  } catch (error) {
    return typeof crypto === 'undefined' || !crypto.subtle || (error as Error).name === 'NotSupportedError';
  }
  return crypto.subtle.verify('Ed25519', publicKey, signature, new TextEncoder().encode(signed));
}

/** The one accepted segment for a value: RFC 8785 (sorted members, no white space) in base64url. */
function spell(value: unknown): string {
  return encode(String.fromCharCode(...new TextEncoder().encode(json(value))));
}

function readText(segment: string): string {
  return new TextDecoder('utf-8', {fatal: true}).decode(decode(segment));
}

/** Base64url without padding, in its one canonical spelling; throws otherwise. */
function decode(segment: string): Uint8Array<ArrayBuffer> {
  const binary = atob(segment.replace(/-/g, '+').replace(/_/g, '/'));
  if (encode(binary) !== segment) {
    throw new TypeError('not canonical');
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Base64url without padding of a binary string. */
function encode(binary: string): string {
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
