import {beforeEach, expect, test, vi} from 'vitest';
import type {Signal} from '../../src/signals/signal';
import {CHOICES, page, running, scriptLoads} from './choices';

let shopify: Signal;
let calls: unknown[][];

/** @param known what Shopify remembers: `yes`, `no` or nothing for each */
function privacy(known: Record<string, string>): object {
  return {
    currentVisitorConsent: () => known,
    setTrackingConsent: (choice: object) => calls.push(['setTrackingConsent', choice]),
  };
}

const UNKNOWN = {preferences: '', analytics: '', marketing: '', sale_of_data: ''};

beforeEach(async () => {
  delete page.Shopify;
  calls = [];
  vi.resetModules();
  ({default: shopify} = await import('../../src/signals/shopify'));
});

test.each(CHOICES)('nothing at first, then each choice by category: %s %s %s %s', (...granted) => {
  page.Shopify = {customerPrivacy: privacy(UNKNOWN)};
  const signal = running(shopify);

  signal.start();
  expect(calls).toEqual([]);
  signal.choose(...granted.filter(Boolean));

  const is = (id: string) => granted.includes(id);
  const choice = {
    preferences: is('functional'),
    analytics: is('analytics'),
    marketing: is('marketing'),
    sale_of_data: is('marketing'),
  };
  expect(calls).toEqual([['setTrackingConsent', choice]]);
});

test('what Shopify knows already is not told again', () => {
  page.Shopify = {customerPrivacy: privacy({preferences: 'no', analytics: 'yes', marketing: 'no', sale_of_data: 'no'})};

  running(shopify).choose('analytics');

  expect(calls).toEqual([]);
});

test('its interface is asked for once, and only after a choice', () => {
  const shop: Record<string, unknown> = {loadFeatures: (features: object) => calls.push(['loadFeatures', features])};
  page.Shopify = shop;
  const signal = running(shopify);
  signal.start();
  scriptLoads();
  expect(calls).toEqual([]);

  signal.choose();
  scriptLoads();
  shop.customerPrivacy = privacy(UNKNOWN);
  scriptLoads();

  const nothing = {preferences: false, analytics: false, marketing: false, sale_of_data: false};
  expect(calls).toEqual([
    ['loadFeatures', [{name: 'consent-tracking-api', version: '0.1'}]],
    ['setTrackingConsent', nothing],
  ]);
});

test('a page that is no shop stays as it is', () => {
  running(shopify).choose('analytics');

  expect('Shopify' in page).toBe(false);
});
