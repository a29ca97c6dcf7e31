import {expect, test} from 'vitest';
import type {State} from '../../src/decision';
import {fitting} from '../../src/proof/fitting';
import {aBundle, aService, aState} from '../builders';

const SERVICES = Array.from({length: 150}, (_, at) => aService(`vendor-of-advertising-${at}`, 'marketing'));
const BUNDLE = aBundle({services: [aService('matomo'), ...SERVICES]});

function split(count: number, refused: boolean): State {
  const services = Object.fromEntries(SERVICES.slice(0, count).map(({id}, at) => [id, !refused || at > 0]));
  return aState({categories: {functional: false, analytics: true, marketing: true}, services});
}

test('a choice that a cookie holds is kept as it is', () => {
  const state = split(50, true);

  expect(fitting(BUNDLE, state)).toBe(state);
});

test('one that is too long refuses each category of which a service is refused', () => {
  const state = split(150, true);

  expect(fitting(BUNDLE, state)).toEqual({
    ...state,
    categories: {functional: false, analytics: true, marketing: false},
    services: {},
  });
  expect(Object.keys(fitting(BUNDLE, state))).toEqual(Object.keys(state));
});

test('one that is too long and refuses no service grants what it granted', () => {
  const state = split(150, false);

  expect(fitting(BUNDLE, state)).toEqual({...state, services: {}});
});
