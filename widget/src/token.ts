/**
 * Checks a consent token in the browser: form, audience, time, and the Ed25519 signature where the browser has it.
 */
import type {Key} from './config';

/** What a good token allows: these categories, until then (milliseconds). */
export interface Grant {
  token: string;
  categories: Set<string>;
  until: number;
}

export type TokenFault = 'token_invalid' | 'key_unknown';

/** Seconds by which this device's clock may be behind the server's. */
const LEEWAY = 60;

/** The exact text of the one header we accept carries these members and no other. */
interface Header {
  alg: string;
  kid: string;
  typ: string;
}

interface Claims {
  aud: string;
  iat: number;
  exp: number;
  categories: Record<string, {granted: boolean}>;
}

/**
 * @param now milliseconds since 1970
 * @returns the grant, or why there is none; never throws
 */
export async function checkToken(token: string, site: string, keys: Key[], now: number): Promise<Grant | TokenFault> {
  try {
    const parts = token.split('.');
    const [header, claims] = [readPart(parts[0]) as unknown as Header, readPart(parts[1]) as unknown as Claims];
    const seconds = now / 1000;
    if (
      parts.length !== 3 ||
      header.alg !== 'EdDSA' ||
      header.typ !== 'consent+jwt' ||
      Object.keys(header).length !== 3 ||
      claims.aud !== site ||
      !(claims.exp > seconds && claims.iat <= seconds + LEEWAY)
    ) {
      return 'token_invalid';
    }
    const key = keys.find((candidate) => candidate.kid === header.kid);
    if (!key) {
      return 'key_unknown';
    }
    if (!(await isSigned(parts, key))) {
      return 'token_invalid';
    }
    const granted = Object.entries(claims.categories).filter(([, category]) => category.granted === true);
    return {token, categories: new Set(granted.map(([id]) => id)), until: claims.exp * 1000};
  } catch {
    return 'token_invalid';
  }
}

/**
 * True when the signature is right, and also when this browser cannot tell: without WebCrypto (a page on plain http)
 * or without Ed25519 in it, the state on the device and the form of the token decide alone.
 */
async function isSigned(parts: string[], key: Key): Promise<boolean> {
  const signature = decode(parts[2]);
  let publicKey: CryptoKey;
  try {
    publicKey = await crypto.subtle.importKey('jwk', {kty: 'OKP', crv: 'Ed25519', x: key.x}, 'Ed25519', false, ['verify']);
  } catch (error) {
    return typeof crypto === 'undefined' || !crypto.subtle || (error as Error).name === 'NotSupportedError';
  }
  const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
  return crypto.subtle.verify('Ed25519', publicKey, signature, signed);
}

function readPart(part: string | undefined): Record<string, never> {
  return JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(decode(part)));
}

/** Base64url without padding, in its one canonical spelling; throws otherwise. */
function decode(part = ''): Uint8Array<ArrayBuffer> {
  const binary = atob(part.replace(/-/g, '+').replace(/_/g, '/'));
  if (encode(binary) !== part) {
    throw new TypeError('not canonical');
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Base64url without padding of a binary string. */
function encode(binary: string): string {
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/** 128 random bits, 22 characters. */
export function randomId(): string {
  return encode(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}
