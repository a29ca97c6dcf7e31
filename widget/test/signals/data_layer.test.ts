import {beforeEach, expect, test} from 'vitest';
import dataLayer from '../../src/signals/data_layer';
import {CHOICES, page, running} from './choices';

beforeEach(() => {
  delete page.dataLayer;
});

test.each(CHOICES)('one event for a choice, every category in full: %s %s %s %s', (...granted) => {
  const signal = running(dataLayer, ['analytics', 'video']);

  signal.start();
  expect(page.dataLayer).toBeUndefined();
  signal.choose(...granted.filter(Boolean));

  expect(page.dataLayer).toEqual([
    {event: 'consent_update', consent: {analytics: granted.includes('analytics'), video: granted.includes('video')}},
  ]);
});

test('a bundle from before lists were published says nothing, and throws at nobody', () => {
  const signal = running(dataLayer, 'on');

  expect(() => signal.choose('analytics')).not.toThrow();
  expect(page.dataLayer).toBeUndefined();
});
