/** A state that nobody here wrote keeps nobody from deciding, nor a no from arriving. */
import {expect, test} from 'vitest';
import {ownState} from '../../src/proof/own-state';
import {aRefusal, aState} from '../builders';

const junk = (changes: object) => ownState({...aState(), ...changes});

test('what this widget writes is read as it is', () => {
  for (const state of [aState(), aRefusal()]) {
    expect(ownState(state)).toEqual(state);
  }
  expect(ownState(undefined)).toBeUndefined();
});

test.each<unknown>(['me', '', 7, null, `${'A'.repeat(22)}=`, 'é'.repeat(22), ['A'.repeat(22)]])(
  'under the identifier %j there is no choice',
  (id) => {
    expect(junk({id})).toBeUndefined();
  },
);

test.each(['many', '5', 0, -4, 1.5, 1e300, null, undefined])(
  'after the number %j comes one that is newer than all that were',
  (n) => {
    const before = Date.now();

    const read = junk({n});

    expect(read).toEqual({...aState(), n: read?.n});
    expect(read?.n).toBeGreaterThanOrEqual(before);
    expect(Number.isSafeInteger(Number(read?.n) + 1)).toBe(true);
  },
);

test('where no count can follow, a no still wins: it is as high as the last, and the restrictive of two', () => {
  const LAST = Number.MAX_SAFE_INTEGER;
  for (const n of [LAST - 1, LAST]) {
    expect(1 + Number(junk({n})?.n)).toBe(LAST);
  }
});

test('a number without an identifier is no choice', () => {
  expect(ownState({...aRefusal(), n: 3})).toBeUndefined();
});
