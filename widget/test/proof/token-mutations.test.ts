import {base64url, exportJWK, generateKeyPair} from 'jose';
import {beforeAll, expect, test, vi} from 'vitest';
import type {Key} from '../../src/config';
import {checkToken} from '../../src/proof/token';
import {aToken, NOW, segment} from '../builders';

const ROUNDS = 20_000;
const SECONDS = NOW / 1000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ {}":,';
let good: string;
let keys: Key[];

beforeAll(async () => {
  const {privateKey, publicKey} = await generateKeyPair('EdDSA', {crv: 'Ed25519', extractable: true});
  const choice = (granted: boolean) => ({granted, at: SECONDS});
  good = await aToken(privateKey, {
    iat: SECONDS,
    exp: SECONDS + 60,
    categories: {analytics: choice(true), marketing: choice(false), necessary: choice(true)},
  });
  keys = [{kid: 'k1', x: String((await exportJWK(publicKey)).x)}];
});

/** The same mutations in every run (mulberry32), so that a failure can be looked at. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

/** One to three edits of a text: a character changed, left out, added, two swapped, a stretch repeated. */
function edit(text: string, roll: (sides: number) => number): string {
  let edited = text;
  for (let count = 1 + roll(3); count > 0; count--) {
    const at = roll(edited.length);
    const to = Math.min(edited.length, at + 1 + roll(8));
    const character = ALPHABET[roll(ALPHABET.length)];
    const [before, after] = [edited.slice(0, at), edited.slice(at + 1)];
    edited =
      [
        before + character + after,
        before + after,
        before + character + edited.slice(at),
        edited.slice(0, at) + edited.slice(at, to).split('').reverse().join('') + edited.slice(to),
        edited.slice(0, to) + edited.slice(at),
      ][roll(5)] ?? '';
  }
  return edited;
}

/** Half of the mutations change the characters of the token, half the JSON inside, spelled as base64url again. */
function mutate(roll: (sides: number) => number): string {
  if (roll(2) === 0) {
    return edit(good, roll);
  }
  const parts = good.split('.');
  const which = roll(2);
  parts[which] = segment(edit(new TextDecoder().decode(base64url.decode(String(parts[which]))), roll));
  return parts.join('.');
}

async function countGrants(): Promise<number> {
  const roll = dice(20261122);
  let grants = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const mutation = mutate(roll);
    if (mutation !== good) {
      grants += Number(typeof (await checkToken(mutation, 'demo', keys, NOW)) !== 'string');
    }
  }
  return grants;
}

test('no mutation of a good token grants anything', {timeout: 60_000}, async () => {
  expect(await checkToken(good, 'demo', keys, NOW)).toHaveProperty('token');
  expect(await countGrants()).toBe(0);
});

test('the mutations would find a check that leaves the signature out', {timeout: 60_000}, async () => {
  vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('no Ed25519', 'NotSupportedError'));

  expect(await countGrants()).toBeGreaterThan(100);
});
