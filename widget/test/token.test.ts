import {exportJWK, generateKeyPair, SignJWT} from 'jose';
import {beforeAll, describe, expect, test} from 'vitest';
import type {Key} from '../src/config';
import {checkToken, type Grant, randomId} from '../src/token';
import {NOW} from './builders';

const SECONDS = NOW / 1000;
let keys: Key[];
let sign: (claims?: object, header?: object) => Promise<string>;

beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA', {crv: 'Ed25519', extractable: true});
  keys = [{kid: 'k1', x: String((await exportJWK(pair.publicKey)).x)}];
  sign = (claims = {}, header = {}) =>
    new SignJWT({
      aud: 'demo',
      iat: SECONDS,
      exp: SECONDS + 60,
      categories: {analytics: {granted: true, at: SECONDS}, marketing: {granted: false, at: SECONDS}},
      ...claims,
    })
      .setProtectedHeader({alg: 'EdDSA', kid: 'k1', typ: 'consent+jwt', ...header})
      .sign(pair.privateKey);
});

const check = async (token: Promise<string>, now = NOW) => checkToken(await token, 'demo', keys, now);

describe('a token', () => {
  test('that another implementation signed grants what it names, until it ends', async () => {
    const grant = (await check(sign())) as Grant;

    expect([...grant.categories]).toEqual(['analytics']);
    expect(grant.until).toBe((SECONDS + 60) * 1000);
  });

  test('may come from a clock that is a minute ahead, and no more', async () => {
    expect(await check(sign({iat: SECONDS + 60}))).toHaveProperty('token');
    expect(await check(sign({iat: SECONDS + 61}))).toBe('token_invalid');
  });

  test('ends at its end', async () => {
    expect(await check(sign(), NOW + 60_000)).toBe('token_invalid');
  });

  test('of another site, type or with a further header member is refused', async () => {
    expect(await check(sign({aud: 'other'}))).toBe('token_invalid');
    expect(await check(sign({}, {typ: 'JWT'}))).toBe('token_invalid');
    expect(await check(sign({}, {crit: ['b64'], b64: true}))).toBe('token_invalid');
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

  test('is accepted in one spelling only', async () => {
    const good = await sign();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(good.slice(-1));
    const respelled = good.slice(0, -1) + alphabet[(last & ~15) | ((last + 1) & 15)];

    expect(await checkToken(respelled, 'demo', keys, NOW)).toBe('token_invalid');
  });
});

test('an identifier has 128 random bits', () => {
  const ids = new Set(Array.from({length: 100}, randomId));

  expect(ids.size).toBe(100);
  for (const id of ids) {
    expect(id).toMatch(/^[\w-]{22}$/);
  }
});
