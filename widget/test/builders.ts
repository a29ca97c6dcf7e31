/** Values for tests: complete, and changed only where the test cares. */
import {base64url, type CompactJWSHeaderParameters, CompactSign} from 'jose';
import type {Bundle, Category} from '../src/config';
import type {State} from '../src/decision';
import type {Entry} from '../src/proof/queue';

export const NOW = Date.UTC(2026, 10, 22, 20);

export function aCategory(id: string, changes: Partial<Category> = {}): Category {
  return {id, required: false, since: 1, ...changes};
}

export function aBundle(changes: Partial<Bundle> = {}): Bundle {
  return {
    v: 1,
    site: 'demo',
    revision: 3,
    name: 'Demo shop',
    controller: {name: 'Demo Shop SAS'},
    reprompt_after: 'P12M',
    languages: {default: 'en', available: ['en']},
    categories: [
      aCategory('necessary', {required: true}),
      aCategory('functional'),
      aCategory('analytics'),
      aCategory('marketing'),
    ],
    services: [aService('matomo'), aService('hotjar')],
    signals: {},
    texts: {en: {title: 'T', intro: 'I', accept: 'Accept all', reject: 'Reject all', choose: 'Choose'}},
    ...changes,
  };
}

export function aService(id: string, category = 'analytics') {
  const told = {policy_url: `https://${id}.example/privacy`, country: 'FR', shared: false};
  return {id, name: id, category, data: '', hosts: '', stores: [], ...told, since: 1};
}

/** A grant made on the day of `NOW`, valid for a year. */
export function aState(changes: Partial<State> = {}): State {
  const end = '2027-11-22T20:00:00.000Z';
  return {
    v: 1,
    bundle: 'hash',
    revision: 3,
    day: '2026-11-22',
    categories: {functional: false, analytics: true, marketing: false},
    services: {},
    expires: {functional: end, analytics: end, marketing: end},
    id: 'i'.repeat(22),
    n: 1,
    ...changes,
  };
}

/** A refusal that left no identifier. */
export function aRefusal(changes: Partial<State> = {}): State {
  const {expires, id, n, ...rest} = aState({categories: {functional: false, analytics: false, marketing: false}});
  return {...rest, ...changes};
}

export function anEntry(key: string, granted: boolean, at = Date.now()): Entry {
  return {
    at,
    state: aState(),
    body: {
      idempotency_key: key,
      action: granted ? 'accept_all' : 'reject_all',
      method: 'banner',
      categories: {analytics: granted},
      services: {},
      bundle: 'hash',
      build: 'build',
      language: 'en',
      gpc: false,
      trusted: true,
    },
  };
}

/** A token as the server spells it, signed by another implementation. Members are sorted here; white space is never added. */
export function aToken(key: CryptoKey, claims: object, header: object = {}): Promise<string> {
  const payload = sorted({iss: 'https://consent.example', jti: 'r'.repeat(22), bundle: 'h'.repeat(43), aud: 'demo', ...claims});
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader(sorted({alg: 'EdDSA', kid: 'k1', typ: 'consent+jwt', ...header}) as CompactJWSHeaderParameters)
    .sign(key);
}

/** Any texts as header and payload, under a true signature. */
export async function signTexts(key: CryptoKey, header: string, payload: string): Promise<string> {
  const signing = `${segment(header)}.${segment(payload)}`;
  const signature = await crypto.subtle.sign('Ed25519', key, new TextEncoder().encode(signing));
  return `${signing}.${base64url.encode(new Uint8Array(signature))}`;
}

export function segment(text: string): string {
  return base64url.encode(new TextEncoder().encode(text));
}

function sorted(value: object): object {
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, part]) => [name, part && typeof part === 'object' ? sorted(part) : part]));
}
