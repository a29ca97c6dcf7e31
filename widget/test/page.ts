/** A page with one visitor and a server that carries over what a request leaves out. Each test begins with an empty device. */
import {exportJWK, generateKeyPair} from 'jose';
import {afterEach, beforeAll, beforeEach, vi} from 'vitest';
import type {Key, Published} from '../src/config';
import {createConsent} from '../src/consent';
import type {Action} from '../src/decision';
import type {Face} from '../src/face';
import {type ProofPart, proofPart} from '../src/proof';
import {aBundle, aToken} from './builders';

export type Body = Record<string, unknown>;

export const DAY = 864e5;
export const HOUR = 36e5;

async function loadNow(): Promise<ProofPart | undefined> {
  return page.isPartThere ? proofPart : undefined;
}

export const page = {
  published: {} as Published,
  consent: {} as ReturnType<typeof createConsent>,
  face: {} as Record<keyof Face, ReturnType<typeof vi.fn>>,
  apply: vi.fn(),
  reload: vi.fn(),
  /** Whether the second part can be had. */
  isPartThere: true,
  /** What was sent, oldest first. */
  posts: [] as Body[],
  /** What the server does with the next requests; undefined cuts the connection. */
  respond: undefined as ((body: Body) => Promise<Response> | Response) | undefined,
  /** What the server holds: category → choice. */
  held: {} as Record<string, {granted: boolean; expires_at: string}>,

  /** Holds the second part up until `arrive` is called; for the page that is opened here. */
  later(): {arrive(): void} {
    let arrive = () => {};
    const coming = new Promise<ProofPart>((resolve) => {
      arrive = () => resolve(proofPart);
    });
    page.open(() => coming);
    return {arrive};
  },

  /** @param isBeside the page before this one stays open in its tab; otherwise it is gone */
  open(load?: () => Promise<ProofPart>, isBeside = false): void {
    isBeside || leave();
    page.face = {
      ask: vi.fn(),
      settle: vi.fn(),
      say: vi.fn(() => true),
      learn: vi.fn(),
      republish: vi.fn(),
      language: vi.fn(() => 'en'),
    };
    const side = {face: page.face as unknown as Face, apply: page.apply, hasRun: () => false, reload: page.reload};
    page.consent = createConsent('', page.published, side, load ?? loadNow);
  },

  press: (action: Action, isTrusted = true) => page.consent.decide({action, method: 'banner', isTrusted}),

  save: (categories: Record<string, boolean>) =>
    page.consent.decide({action: 'save', method: 'api', wish: {categories}, isTrusted: false}),
};

/** Ends what a page listens to. */
const ending: (() => void)[] = [];

function leave(): void {
  for (const end of ending.splice(0)) {
    end();
  }
}

function noteListeners(target: EventTarget): void {
  const start = target.addEventListener.bind(target);
  target.addEventListener = (...asked: Parameters<typeof start>) => {
    start(...asked);
    ending.push(() => target.removeEventListener(...asked));
  };
}

class Channel extends BroadcastChannel {
  constructor(name: string) {
    super(name);
    ending.push(() => this.close());
  }
}

let privateKey: CryptoKey;
let keys: Key[];

/** @param ahead milliseconds by which the server's clock is ahead of the device's */
export async function acknowledge(body: Body, claims: object = {}, ahead = 0): Promise<Response> {
  const now = Date.now() + ahead;
  const end = new Date(now + 365 * DAY).toISOString();
  for (const [id, granted] of Object.entries(body.categories as Record<string, boolean>)) {
    page.held[id] = {granted, expires_at: end};
  }
  const seconds = Math.floor(now / 1000);
  const categories = Object.fromEntries(Object.entries(page.held).map(([id, {granted}]) => [id, {granted, at: seconds}]));
  const token = await aToken(privateKey, {iat: seconds, exp: seconds + 365 * 86_400, categories, ...claims});
  const recorded = {record_id: 'r', recorded_at: new Date(now).toISOString(), expires_at: end, categories: page.held};
  return new Response(JSON.stringify({...recorded, ...(body.consent_id ? {token} : {})}), {status: 201});
}

beforeAll(async () => {
  noteListeners(document);
  noteListeners(window);
  const pair = await generateKeyPair('EdDSA', {crv: 'Ed25519', extractable: true});
  privateKey = pair.privateKey;
  keys = [{kid: 'k1', x: String((await exportJWK(pair.publicKey)).x)}];
});

beforeEach(() => {
  vi.stubGlobal('BroadcastChannel', Channel);
  localStorage.clear();
  for (const name of ['consent_state', 'consent_token']) {
    // biome-ignore lint/suspicious/noDocumentCookie: clearing between tests
    document.cookie = `${name}=;path=/;max-age=-1`;
  }
  page.published = {hash: 'h'.repeat(43), build: 'b', bundle: aBundle(), keys};
  page.posts = [];
  page.held = {};
  page.respond = acknowledge;
  vi.stubGlobal(
    'fetch',
    vi.fn(async (_: string, options: RequestInit) => {
      if (!options.body || !page.respond) {
        throw new TypeError('Failed to fetch');
      }
      const body = JSON.parse(String(options.body));
      page.posts.push(body);
      return page.respond(body);
    }),
  );
  page.open();
});

/** What a page still had in mind when its test ended must not reach the next one. */
const timers: ReturnType<typeof setTimeout>[] = [];

beforeEach(() => {
  const start = globalThis.setTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((...asked: Parameters<typeof start>) => {
    const timer = start(...asked);
    timers.push(timer);
    return timer;
  }) as typeof start);
});

afterEach(() => {
  leave();
  vi.useRealTimers();
  timers.splice(0).forEach(clearTimeout);
});
