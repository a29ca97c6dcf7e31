import {beforeEach, expect, test} from 'vitest';
import microsoftUet from '../../src/signals/microsoft_uet';
import {CHOICES, page, running} from './choices';

beforeEach(() => {
  delete page.uetq;
});

test.each(CHOICES)('denied first, then marketing decides: %s %s %s %s', (...granted) => {
  const uet = running(microsoftUet);

  uet.start();
  uet.choose(...granted.filter(Boolean));
  uet.choose();

  const answer = granted.includes('marketing') ? 'granted' : 'denied';
  expect(page.uetq).toEqual([
    ...['consent', 'default', {ad_storage: 'denied'}],
    ...['consent', 'update', {ad_storage: answer}],
    ...['consent', 'update', {ad_storage: 'denied'}],
  ]);
});

test('once the tag has taken the queue over, it is told itself', () => {
  const told: unknown[] = [];
  page.uetq = {push: (...command: unknown[]) => told.push(command)};

  running(microsoftUet).choose('marketing');

  expect(told).toEqual([['consent', 'update', {ad_storage: 'granted'}]]);
});
