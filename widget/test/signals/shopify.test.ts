import {beforeEach, expect, test} from 'vitest';
import shopify from '../../src/signals/shopify';
import {CHOICES, page, running, scriptLoads} from './choices';

let calls: unknown[][];

/** @param known what Shopify remembers: `yes`, `no` or nothing for each */
function shop(known: Record<string, string>): {customerPrivacy: unknown; loadFeatures(asked: object, done: () => void): void} {
  const customerPrivacy = {
    currentVisitorConsent: () => known,
    setTrackingConsent: (choice: object) => calls.push(['setTrackingConsent', choice]),
  };
  const features = [{name: 'consent-tracking-api', version: '0.1'}];
  return {
    customerPrivacy: undefined,
    loadFeatures(asked: object, done: () => void) {
      expect(asked).toEqual(features);
      calls.push(['loadFeatures']);
      this.customerPrivacy = customerPrivacy;
      done();
    },
  };
}

const UNKNOWN = {preferences: '', analytics: '', marketing: '', sale_of_data: ''};

beforeEach(() => {
  delete page.Shopify;
  calls = [];
});

test.each(CHOICES)('nothing at first, then each choice by category: %s %s %s %s', (...granted) => {
  page.Shopify = shop(UNKNOWN);
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
  expect(calls).toEqual([['loadFeatures'], ['setTrackingConsent', choice]]);
});

test('what Shopify knows already is not told again', () => {
  page.Shopify = shop({preferences: 'no', analytics: 'yes', marketing: 'no', sale_of_data: 'no'});

  running(shopify).choose('analytics');

  expect(calls).toEqual([['loadFeatures']]);
});

test('an interface that does not load throws at nobody', () => {
  page.Shopify = {loadFeatures: (_: object, done: (error: Error) => void) => done(new Error('not loaded'))};

  expect(() => running(shopify).choose('analytics')).not.toThrow();
});

test('a shop whose code comes late is told then', () => {
  const signal = running(shopify);
  signal.start();
  signal.choose();
  page.Shopify = shop(UNKNOWN);

  scriptLoads();

  const nothing = {preferences: false, analytics: false, marketing: false, sale_of_data: false};
  expect(calls).toEqual([['loadFeatures'], ['setTrackingConsent', nothing]]);
});

test('a page that is no shop stays as it is', () => {
  running(shopify).choose('analytics');

  expect('Shopify' in page).toBe(false);
});
