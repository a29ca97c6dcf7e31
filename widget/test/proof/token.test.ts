import {base64url, exportJWK, generateKeyPair} from 'jose';
import {beforeAll, describe, expect, test} from 'vitest';
import type {Key} from '../../src/config';
import {randomId} from '../../src/proof/identifier';
import {checkToken, type Grant} from '../../src/proof/token';
import {aToken, NOW, signTexts} from '../builders';

const SECONDS = NOW / 1000;
let keys: Key[];
let privateKey: CryptoKey;
const GOOD = {
  iat: SECONDS,
  exp: SECONDS + 60,
  categories: {analytics: {granted: true, at: SECONDS}, marketing: {granted: false, at: SECONDS}},
};

beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA', {crv: 'Ed25519', extractable: true});
  privateKey = pair.privateKey;
  keys = [{kid: 'k1', x: String((await exportJWK(pair.publicKey)).x)}];
});

const sign = (claims = {}, header = {}) => aToken(privateKey, {...GOOD, ...claims}, header);
const check = async (token: Promise<string>, now = NOW) => checkToken(await token, 'demo', keys, now);

describe('a token', () => {
  test('that another implementation signed grants what it names, until it ends', async () => {
    const grant = (await check(sign())) as Grant;

    expect([...grant.categories]).toEqual(['analytics']);
    expect(grant.until).toBe((SECONDS + 60) * 1000);
  });

  test('that begins in the future is good, and tells what the time is at least', async () => {
    const grant = (await check(sign({iat: SECONDS + 36_000, exp: SECONDS + 72_000}))) as Grant;

    expect(grant.from).toBe((SECONDS + 36_000) * 1000);
  });

  test.each([{iat: SECONDS, exp: SECONDS}, {exp: String(SECONDS + 60)}, {exp: SECONDS + 60.5}, {iat: null}])(
    'without two instants in order is refused: %j',
    async (claims) => {
      expect(await check(sign(claims))).toBe('token_invalid');
    },
  );

  test('ends at its end', async () => {
    expect(await check(sign(), NOW + 60_000)).toBe('token_invalid');
  });

  test('of another site, type or with a further header member is refused', async () => {
    expect(await check(sign({aud: 'other'}))).toBe('token_invalid');
    expect(await check(sign({}, {typ: 'JWT'}))).toBe('token_invalid');
    expect(await check(sign({}, {cty: 'json'}))).toBe('token_invalid');
  });

  test('of a key we do not know is told apart, so that the keys can be fetched', async () => {
    expect(await check(sign({}, {kid: 'k2'}))).toBe('key_unknown');
  });

  test('with one changed character, a missing part or padding is refused', async () => {
    const good = await sign();
    const [header, claims, signature = ''] = good.split('.');
    const forged = [
      `${header}.${claims?.slice(0, -1)}.${signature}`,
      `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      `${good}=`,
      `${header}.${claims}`,
      `${good}.x`,
      '',
      'a.b.c',
    ];

    for (const token of forged) {
      expect(await checkToken(token, 'demo', keys, NOW)).toBe('token_invalid');
    }
  });

  test('is accepted in one spelling of its signature only', async () => {
    const good = await sign();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(good.slice(-1));
    const respelled = good.slice(0, -1) + alphabet[(last & ~15) | ((last + 1) & 15)];

    expect(await checkToken(respelled, 'demo', keys, NOW)).toBe('token_invalid');
  });
});

/** Each is under a true signature, so that only the spelling can be what is refused. */
describe('a truly signed token', () => {
  const texts = async () =>
    (await sign())
      .split('.')
      .slice(0, 2)
      .map((part) => new TextDecoder().decode(base64url.decode(part)));
  const respell = async (change: (header: string, payload: string) => [string, string]) => {
    const [header = '', payload = ''] = await texts();
    return checkToken(await signTexts(privateKey, ...change(header, payload)), 'demo', keys, NOW);
  };

  test('as the server spells it is good', async () => {
    expect(await respell((header, payload) => [header, payload])).toHaveProperty('token');
  });

  test.each<[string, (header: string, payload: string) => [string, string]]>([
    ['says a header member twice', (header, payload) => [header.replace('{', '{"alg":"none",'), payload]],
    ['says a claim twice', (header, payload) => [header, payload.replace('{', '{"aud":"other",')]],
    ['says a choice twice', (header, payload) => [header, payload.replace('"granted":false', '"granted":false,"granted":true')]],
    ['has white space in the header', (header, payload) => [header.replace(':', ': '), payload]],
    ['has white space in the claims', (header, payload) => [header, `${payload} `]],
    ['begins with a byte order mark', (header, payload) => [header, `\ufeff${payload}`]],
    ['escapes a character', (header, payload) => [header, payload.replace('demo', '\\u0064emo')]],
    [
      'writes a number otherwise',
      (header, payload) => [header, payload.replace(`"exp":${SECONDS + 60}`, `"exp":${SECONDS + 60}.0`)],
    ],
    ['has another order of members', (header, payload) => [header.replace(/^\{(.*?),(.*)}$/, '{$2,$1}'), payload]],
    ['has a further header member', (header, payload) => [header.replace('}', ',"zip":"DEF"}'), payload]],
  ])('that %s is refused', async (_, change) => {
    expect(await respell(change)).toBe('token_invalid');
  });
});

test('an identifier has 128 random bits', () => {
  const ids = new Set(Array.from({length: 100}, randomId));

  expect(ids.size).toBe(100);
  for (const id of ids) {
    expect(id).toMatch(/^[\w-]{22}$/);
  }
});
