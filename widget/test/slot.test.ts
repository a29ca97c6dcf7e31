import {expect, test} from 'vitest';
import {asAsked, shortName, slot} from '../src/slot';

test('short names are those of the server', () => {
  // The same table is in tests/embed/test_slots.py.
  expect(shortName('title')).toBe('xb');
  expect(shortName('reject')).toBe('p8');
  expect(shortName('saved_status')).toBe('j7');
  expect(shortName('category.analytics.title')).toBe('category.analytics.title');
});

test('code that was not built asks by the names themselves', () => {
  expect(asAsked({title: 'T'})).toEqual({title: 'T'});
  expect(slot('title')).toBe('title');
});
