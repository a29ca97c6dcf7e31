import {describe, expect, test} from 'vitest';
import type {Action, Method} from '../src/decision';
import {heldAlike, readWish, uniformWish, wishOf} from '../src/proof/wish';
import {aBundle, aCategory, aRefusal, aState, NOW} from './builders';

const LATER = NOW + 400 * 864e5;
const NONE = {functional: false, analytics: false, marketing: false};

describe('a first choice', () => {
  const read = (wish: object) => readWish(aBundle(), undefined, wish, NOW, () => false);

  test('answers everything: what is not named is refused', () => {
    const categories = {functional: false, analytics: false, marketing: true};

    expect(read({categories: {marketing: true}})).toEqual({
      whole: {categories, services: {}},
      answered: {categories, services: {}},
      kept: [],
    });
  });

  test('names services only where their category is split', () => {
    const split = {categories: {analytics: true}, services: {matomo: true, hotjar: false}};
    const whole = {categories: {analytics: true}, services: {matomo: true, hotjar: true}};

    expect(read(split)?.answered.services).toEqual({matomo: true, hotjar: false});
    expect(read(whole)?.answered.services).toEqual({});
  });

  test('of no service of a category is a refusal of the category', () => {
    const reading = read({categories: {analytics: true}, services: {matomo: false, hotjar: false}});

    expect(reading?.answered).toEqual({categories: NONE, services: {}});
  });

  test.each([
    {},
    {categories: {}},
    {categories: {ghost: true, necessary: true}},
    {categories: {analytics: 'yes'}},
    {categories: null},
  ])('of nothing that can be chosen is none: %j', (wish) => {
    expect(read(wish)).toBeUndefined();
  });
});

describe('a later choice', () => {
  const read = (wish: object, state = aState(), now = NOW, bundle = aBundle()) => readWish(bundle, state, wish, now, () => true);

  test('answers what is named; the rest goes on, granted or refused', () => {
    expect(read({categories: {marketing: true}})).toEqual({
      whole: {categories: {functional: false, analytics: true, marketing: true}, services: {}},
      answered: {categories: {marketing: true}, services: {}},
      kept: ['functional', 'analytics'],
    });
  });

  test('refuses what is not named and no longer holds', () => {
    const reading = read({categories: {marketing: true}}, aState(), LATER);

    expect(reading?.answered.categories).toEqual({functional: false, analytics: false, marketing: true});
    expect(reading?.kept).toEqual([]);
  });

  test('refuses what is not named and has changed since', () => {
    const bundle = aBundle({categories: [aCategory('functional'), aCategory('analytics', {since: 4}), aCategory('marketing')]});

    expect(read({categories: {functional: true}}, aState(), NOW, bundle)).toMatchObject({
      answered: {categories: {functional: true, analytics: false}},
      kept: ['marketing'],
    });
  });

  test('answers everything while the server may hold something else', () => {
    const reading = readWish(aBundle(), aState(), {categories: {marketing: true}}, NOW, () => false);

    expect(reading?.answered.categories).toEqual({functional: false, analytics: true, marketing: true});
  });

  test('of one service leaves its category as it was decided', () => {
    expect(read({services: {hotjar: false}})).toEqual({
      whole: {categories: {functional: false, analytics: true, marketing: false}, services: {matomo: true, hotjar: false}},
      answered: {categories: {}, services: {hotjar: false}},
      kept: ['functional', 'analytics', 'marketing'],
    });
  });

  test('that refuses the last allowed service refuses the category', () => {
    const state = aState({services: {matomo: true, hotjar: false}});

    expect(read({services: {matomo: false}}, state)?.answered).toEqual({categories: {analytics: false}, services: {}});
  });

  test('that allows one service of a refused category allows the category, and nothing else of it', () => {
    const state = aState({categories: NONE});

    expect(read({services: {matomo: true}}, state)?.answered).toEqual({
      categories: {analytics: true},
      services: {matomo: true, hotjar: false},
    });
  });
});

describe('accepting, rejecting and withdrawing', () => {
  const press = (action: Action, method: Method = 'banner') => ({action, method, isTrusted: true});
  const all = {functional: true, analytics: true, marketing: true};
  const nothing = () => false;

  test('always answer everything', () => {
    expect(wishOf({...press('accept_all'), wish: {categories: {analytics: false}}}, aBundle(), nothing)).toEqual({
      categories: all,
      services: {},
    });
    expect(wishOf(press('withdraw'), aBundle(), nothing)).toEqual(uniformWish(aBundle(), false));
    expect(wishOf(press('reject_all'), aBundle(), nothing).categories).toEqual(NONE);
  });

  const objecting = aBundle({
    categories: aBundle().categories.map((category) => ({...category, gpc: category.id === 'marketing'})),
  });

  test('what the browser refuses is accepted in the second layer alone', () => {
    const rest = {functional: true, analytics: true, marketing: false};

    expect(wishOf(press('accept_all'), objecting, nothing).categories).toEqual(rest);
    expect(wishOf(press('accept_all', 'api'), objecting, nothing).categories).toEqual(rest);
    expect(wishOf(press('accept_all', 'preferences'), objecting, nothing).categories).toEqual(all);
  });

  test('what was allowed in the face of the signal stays', () => {
    expect(wishOf(press('accept_all'), objecting, (id) => id === 'marketing').categories).toEqual(all);
  });
});

describe('what goes on at the server too', () => {
  const grant = {token: '', categories: new Set(['analytics', 'marketing']), from: 0, until: LATER};
  const alike = (state = aState(), isDelivered = true, hasToken = true) =>
    ['analytics', 'marketing'].map(
      heldAlike({bundle: aBundle(), state, grant: hasToken ? grant : undefined, now: NOW}, isDelivered),
    );

  test('is what the token does not contradict', () => {
    expect(alike(aState({categories: {analytics: true, marketing: false}}))).toEqual([true, false]);
    expect(alike(aState({categories: {analytics: false, marketing: false}}), true, false)).toEqual([true, true]);
  });

  test('is nothing while something is on its way, nor of one who is nobody there', () => {
    expect(alike(aState(), false)).toEqual([false, false]);
    expect(alike(aRefusal())).toEqual([false, false]);
  });
});
