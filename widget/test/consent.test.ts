import {exportJWK, generateKeyPair, SignJWT} from 'jose';
import {afterEach, beforeAll, beforeEach, describe, expect, test, vi} from 'vitest';
import {waiting} from '../src/api';
import type {Published} from '../src/config';
import {type Consent, createConsent, type Face} from '../src/consent';
import {type Action, completeWish, uniformWish} from '../src/decision';
import {aBundle} from './builders';

const DAY = 864e5;
let privateKey: CryptoKey;
let published: Published;
let posts: Record<string, unknown>[];
/** What the server does with the next requests; undefined cuts the connection. */
let respond: ((body: Record<string, unknown>) => Promise<Response> | Response) | undefined;
let face: Record<keyof Face, ReturnType<typeof vi.fn>>;
let consent: Consent;

async function acknowledge(body: Record<string, unknown>, claims: object = {}): Promise<Response> {
  const now = Math.floor(Date.now() / 1000);
  const choices = body.categories as Record<string, boolean>;
  const categories = Object.fromEntries(Object.entries(choices).map(([id, granted]) => [id, {granted, at: now}]));
  const end = new Date(Date.now() + 365 * DAY).toISOString();
  const token = await new SignJWT({aud: 'demo', iat: now, exp: now + 365 * 86_400, categories, ...claims})
    .setProtectedHeader({alg: 'EdDSA', kid: 'k1', typ: 'consent+jwt'})
    .sign(privateKey);
  const answers = Object.fromEntries(Object.entries(choices).map(([id, granted]) => [id, {granted, expires_at: end}]));
  const answer = {record_id: 'r', expires_at: end, categories: answers, ...(body.consent_id ? {token} : {})};
  return new Response(JSON.stringify(answer), {status: 201});
}

const press = (action: Action, isTrusted = true) =>
  consent.decide({action, method: 'banner', wish: uniformWish(published.bundle, action === 'accept_all'), isTrusted});

function openPage(): void {
  face = {ask: vi.fn(), settle: vi.fn(), say: vi.fn(), republish: vi.fn(), language: vi.fn(() => 'en')};
  consent = createConsent('', published, face as unknown as Face, () => {});
}

beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA', {crv: 'Ed25519', extractable: true});
  privateKey = pair.privateKey;
  published = {
    hash: 'h'.repeat(43),
    build: 'b',
    bundle: aBundle(),
    keys: [{kid: 'k1', x: String((await exportJWK(pair.publicKey)).x)}],
  };
});

beforeEach(() => {
  localStorage.clear();
  for (const name of ['consent_state', 'consent_token']) {
    // biome-ignore lint/suspicious/noDocumentCookie: clearing between tests
    document.cookie = `${name}=;path=/;max-age=-1`;
  }
  posts = [];
  respond = acknowledge;
  vi.stubGlobal(
    'fetch',
    vi.fn(async (_: string, options: RequestInit) => {
      if (!options.body || !respond) {
        throw new TypeError('Failed to fetch');
      }
      const body = JSON.parse(String(options.body));
      posts.push(body);
      return respond(body);
    }),
  );
  openPage();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a grant', () => {
  test('holds once the server has acknowledged it, not before', async () => {
    const deciding = press('accept_all');
    expect(consent.has('analytics')).toBe(false);

    expect(await deciding).toBe(true);
    expect(consent.has('analytics')).toBe(true);
    expect(face.say).toHaveBeenLastCalledWith('saved_status');
    expect(posts[0]).toMatchObject({n: 1, consent_id: expect.stringMatching(/^[\w-]{22}$/)});
  });

  test('is found again on the next page', async () => {
    await press('accept_all');

    openPage();
    await consent.start();

    expect(consent.has('analytics')).toBe(true);
    expect(face.ask).not.toHaveBeenCalled();
  });

  test('that nobody pressed is not taken', async () => {
    expect(await press('accept_all', false)).toBe(false);
    expect(posts).toEqual([]);
  });

  test('waits, denied, while the server cannot be reached, and is sent again with the same key', async () => {
    respond = undefined;
    await press('accept_all');
    expect(consent.has('analytics')).toBe(false);
    expect(face.say).toHaveBeenLastCalledWith('offline_retry', true);
    const key = waiting()[0]?.body.idempotency_key;

    respond = acknowledge;
    openPage();
    await consent.start();

    await vi.waitFor(() => expect(consent.has('analytics')).toBe(true));
    expect(face.ask).not.toHaveBeenCalled();
    expect(posts.map((body) => body.idempotency_key)).toEqual([key]);
    expect(waiting()).toEqual([]);
  });

  test.each([
    ['another site', {aud: 'other'}],
    ['the past', {exp: 1}],
  ])('with a token of %s is denied and asked again', async (_, claims) => {
    respond = (body) => acknowledge(body, claims);

    expect(await press('accept_all')).toBe(false);
    expect(consent.has('analytics')).toBe(false);
    expect(face.ask).toHaveBeenCalled();
    expect(document.cookie).toBe('');
  });

  test('the server refuses is denied, asked again, and not sent for ever', async () => {
    respond = () => new Response('{"reason": "category_unknown"}', {status: 422});

    await press('accept_all');

    expect(face.ask).toHaveBeenCalled();
    expect(waiting()).toEqual([]);
  });
});

describe('a refusal', () => {
  test('holds without the server and leaves no identifier', async () => {
    respond = undefined;
    await press('reject_all');

    expect(consent.state?.categories).toEqual({functional: false, analytics: false, marketing: false});
    expect(consent.state).not.toHaveProperty('id');
    expect(waiting()[0]?.body).not.toHaveProperty('consent_id');
    expect(face.say).toHaveBeenLastCalledWith('offline_denied', true);
  });

  test('leaves the same bytes for everyone who makes it that day', async () => {
    await press('reject_all');
    const first = document.cookie;
    // biome-ignore lint/suspicious/noDocumentCookie: a second visitor
    document.cookie = 'consent_state=;path=/;max-age=-1';
    openPage();

    await press('reject_all');

    expect(document.cookie).toBe(first);
    expect(localStorage.length).toBe(0);
  });

  test('is not undone by the late answer to an older grant', async () => {
    let answerGrant: (() => void) | undefined;
    respond = (body) => new Promise((resolve) => (answerGrant = () => resolve(acknowledge(body))));
    const granting = press('accept_all');
    respond = acknowledge;
    await press('reject_all');
    await vi.waitFor(() => expect(answerGrant).toBeDefined());

    answerGrant?.();

    expect(await granting).toBe(false);
    expect(consent.has('analytics')).toBe(false);
    expect(posts.map((body) => body.n)).toEqual([1, 2]);
    expect(posts[1]?.consent_id).toBe(posts[0]?.consent_id);
  });
});

describe('a withdrawal', () => {
  test('holds at once, takes the token away, and is linked to its grant', async () => {
    await press('accept_all');
    const events: string[] = [];
    document.addEventListener('consent:withdrawn', () => events.push('withdrawn'), {once: true});
    respond = undefined;

    void press('withdraw');

    expect(consent.has('analytics')).toBe(false);
    expect(events).toEqual(['withdrawn']);
    expect(document.cookie).not.toContain('consent_token');
    expect(waiting()[0]?.body).toMatchObject({action: 'withdraw', n: 2, consent_id: posts[0]?.consent_id});
  });

  test('of one category holds at once while the rest is confirmed', async () => {
    await press('accept_all');
    const wish = completeWish(published.bundle, consent.state, {categories: {marketing: false}}, Date.now());
    respond = undefined;

    void consent.decide({action: 'save', method: 'preferences', wish, isTrusted: true});

    expect(consent.granted()).toEqual(['functional', 'analytics']);
    expect(document.cookie).not.toContain('consent_token');
  });
});

test('a consent ends while the page is open: denied and asked again', async () => {
  await press('accept_all');
  await consent.start();
  vi.useFakeTimers({now: Date.now() + 366 * DAY});

  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(1);

  expect(consent.has('analytics')).toBe(false);
  expect(face.ask).toHaveBeenCalled();
});
