import {beforeEach, expect, test} from 'vitest';
import pinterest from '../../src/signals/pinterest';
import {CHOICES, page, recorder, running} from './choices';

beforeEach(() => {
  delete page.pintrk;
});

test.each(CHOICES)('no first, then marketing decides: %s %s %s %s', (...granted) => {
  const {calls, call} = recorder();
  page.pintrk = call;
  const signal = running(pinterest);

  signal.start();
  signal.choose(...granted.filter(Boolean));

  expect(calls).toEqual([
    ['setconsent', false],
    ['setconsent', granted.includes('marketing')],
  ]);
});

test('while an earlier yes is checked, its cookies are not deleted', () => {
  const {calls, call} = recorder();
  page.pintrk = call;
  const signal = running(pinterest);

  signal.start(true);
  signal.choose('marketing');

  expect(calls).toEqual([['setconsent', true]]);
});
