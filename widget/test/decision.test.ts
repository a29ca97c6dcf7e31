import {describe, expect, test} from 'vitest';
import {afterBoth, isNewTo, mustAsk, nextNumber, refusalEnds, restrict, standing, stateEnds, utcDay} from '../src/decision';
import {aBundle, aCategory, aRefusal, aState, NOW} from './builders';

describe('what still holds', () => {
  test('nothing decided means everything optional is asked', () => {
    expect(mustAsk(aBundle(), undefined, NOW)).toEqual(['functional', 'analytics', 'marketing']);
    expect(standing(aBundle(), undefined, 'necessary', NOW)).toBe('required');
  });

  test('a category the bundle does not hold is never granted', () => {
    expect(standing(aBundle(), aState({categories: {ghost: true}}), 'ghost', NOW)).toBe('undecided');
  });

  test('a material change makes only its own category stale, a grant as well as a refusal', () => {
    const bundle = aBundle({
      revision: 4,
      categories: [aCategory('functional'), aCategory('analytics', {since: 4}), aCategory('marketing', {since: 4})],
    });

    expect(standing(bundle, aState(), 'analytics', NOW)).toBe('stale');
    expect(standing(bundle, aState(), 'functional', NOW)).toBe('refused');
    expect(mustAsk(bundle, aState(), NOW)).toEqual(['analytics', 'marketing']);
  });

  test('a category decided at an older revision than the others keeps that revision', () => {
    const bundle = aBundle({categories: [aCategory('analytics', {since: 3})]});

    expect(standing(bundle, aState({revisions: {analytics: 2}}), 'analytics', NOW)).toBe('stale');
  });

  test('a grant ends at the instant the server named, not before', () => {
    const end = Date.parse('2027-11-22T20:00:00.000Z');

    expect(standing(aBundle(), aState(), 'analytics', end - 1)).toBe('granted');
    expect(standing(aBundle(), aState(), 'analytics', end)).toBe('expired');
  });

  test('an unreadable end is an end', () => {
    expect(standing(aBundle(), aState({expires: {analytics: 'soon'}}), 'analytics', NOW)).toBe('expired');
  });

  test('a refusal without an identifier ends with the day, whatever the hour it was made', () => {
    const end = Date.UTC(2027, 10, 23);

    expect(mustAsk(aBundle(), aRefusal(), end - 1)).toEqual([]);
    expect(mustAsk(aBundle(), aRefusal(), end)).toHaveLength(3);
    expect(stateEnds(aBundle(), aRefusal())).toBe(end);
  });
});

describe('arithmetic of periods', () => {
  test.each([
    ['2026-11-22', 'P12M', '2027-11-23T00:00:00.000Z'],
    ['2026-08-31', 'P6M', '2027-03-01T00:00:00.000Z'],
    ['2028-02-29', 'P12M', '2029-03-01T00:00:00.000Z'],
    ['2026-12-31', 'P6M', '2027-07-01T00:00:00.000Z'],
  ])('a refusal of %s is asked again after %s: at %s', (day, period, end) => {
    expect(new Date(refusalEnds(day, period)).toISOString()).toBe(end);
  });

  test('the day is the day in UTC', () => {
    expect(utcDay(Date.parse('2026-11-22T23:30:00-05:00'))).toBe('2026-11-23');
  });
});

test('until a wish is acknowledged it can only take away from what holds', () => {
  const wish = {categories: {functional: true, analytics: false, marketing: true}, services: {}};

  expect(restrict(aState(), wish).categories).toEqual({functional: false, analytics: false, marketing: false});
});

test('only what was published after the choice is new to the visitor', () => {
  expect(isNewTo(undefined, 'analytics', 9)).toBe(false);
  expect(isNewTo(aState(), 'analytics', 3)).toBe(false);
  expect(isNewTo(aState(), 'social', 4)).toBe(true);
  expect(isNewTo(aState({revisions: {analytics: 2}}), 'analytics', 3)).toBe(true);
});

test('a number is higher than every one used before, delivered or waiting', () => {
  expect(nextNumber(undefined)).toBe(1);
  expect(nextNumber(2, undefined, 5)).toBe(6);
});

test('after the highest number that the server takes comes that one again, with which a no still wins', () => {
  expect(nextNumber(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
});

describe('of two tabs that wrote at once', () => {
  const yes = aState({n: 2, categories: {functional: true, analytics: true, marketing: false}});
  const no = aState({n: 2, categories: {functional: false, analytics: false, marketing: false}});

  test('the higher number holds, also when the lower one was written last', () => {
    expect(afterBoth({...no, n: 3}, yes)).toEqual({...no, n: 3});
    expect(afterBoth(no, {...yes, n: 3})).toBeUndefined();
  });

  test('with one number the restrictive answer holds', () => {
    expect(afterBoth(no, yes)?.categories).toEqual(no.categories);
    expect(afterBoth(yes, no)).toBeUndefined();
    const other = {...yes, categories: {functional: false, analytics: true, marketing: true}};
    expect(afterBoth(other, yes)?.categories).toEqual({functional: false, analytics: true, marketing: false});
  });

  test('a service that one of them refuses stays refused', () => {
    const split = {...yes, services: {matomo: true, hotjar: false}};
    expect(afterBoth(split, yes)?.services).toEqual({matomo: true, hotjar: false});
  });

  test('another identifier is another consent', () => {
    expect(afterBoth(no, {...yes, id: 'j'.repeat(22)})).toBeUndefined();
  });
});
