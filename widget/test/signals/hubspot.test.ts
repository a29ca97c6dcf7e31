import {beforeEach, expect, test} from 'vitest';
import hubspot from '../../src/signals/hubspot';
import {CHOICES, page, running} from './choices';

beforeEach(() => {
  delete page._hsp;
});

test.each(CHOICES)('three noes first, then by category: %s %s %s %s', (...granted) => {
  const signal = running(hubspot);

  signal.start();
  signal.choose(...granted.filter(Boolean));

  expect(page._hsp).toEqual([
    ['setHubSpotConsent', {analytics: false, advertisement: false, functionality: false}],
    [
      'setHubSpotConsent',
      {
        analytics: granted.includes('analytics'),
        advertisement: granted.includes('marketing'),
        functionality: granted.includes('functional'),
      },
    ],
  ]);
});
