/** When what outlives an erasure ends: the server computes the same (tests/erasing/test_restricted.py). */
import {expect, test} from 'vitest';
import type {Bundle} from '../../src/config';
import {keptBy} from '../../src/proof/kept';

const keeping = (months: number) => ({restricted_proof: {months, reason: {en: 'For claims.'}}}) as unknown as Bundle;

test.each([
  ['2026-11-22T20:00:00Z', 36, '2029-11-22'],
  ['2026-11-22T00:00:00Z', 1, '2026-12-22'],
  ['2028-02-29T23:59:00Z', 1, '2028-03-29'],
  ['2027-01-31T12:00:00Z', 1, '2027-02-28'],
  ['2028-02-29T12:00:00Z', 60, '2033-02-28'],
])('kept at %s for %i months it ends on %s', (now, months, until) => {
  expect(keptBy(keeping(months), Date.parse(now))).toEqual({until, reason: {en: 'For claims.'}});
});

test('nothing is kept where the bundle does not say so', () => {
  expect(keptBy({} as Bundle, 0)).toBeUndefined();
});
