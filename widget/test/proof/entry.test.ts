/** A decision is written down whatever the device held before. */
import {expect, test} from 'vitest';
import {newEntry} from '../../src/proof/entry';
import {readWish} from '../../src/proof/wish';
import {aBundle, aCategory, aState, NOW} from '../builders';

const PRESS = {action: 'save', method: 'api', isTrusted: false} as const;

test('an end that is none keeps nobody from deciding, and is not kept', () => {
  const bundle = aBundle({categories: [aCategory('functional'), aCategory('marketing', {gpc: true})]});
  const state = aState({categories: {functional: false, marketing: false}, expires: {marketing: 'never'}});
  const reading = readWish(bundle, state, {categories: {functional: true}}, NOW, () => true);
  expect(reading?.kept).toEqual(['marketing']);

  const entry = reading && newEntry({hash: 'h', build: 'b', keys: [], bundle}, state, PRESS, reading, 'en', NOW, []);

  expect(entry?.state).toMatchObject({categories: {functional: true, marketing: false}, expires: {}});
});
