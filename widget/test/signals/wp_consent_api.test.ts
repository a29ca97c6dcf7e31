import {beforeEach, expect, test} from 'vitest';
import wpConsentApi from '../../src/signals/wp_consent_api';
import {CHOICES, page, recorder, running, scriptLoads} from './choices';

beforeEach(() => {
  delete page.wp_set_consent;
  delete page.wp_consent_type;
});

test.each(CHOICES)('consent is asked for, then each choice by category: %s %s %s %s', (...granted) => {
  const {calls, call} = recorder();
  const events: string[] = [];
  document.addEventListener('wp_consent_type_defined', () => events.push(String(page.wp_consent_type)), {once: true});
  page.wp_set_consent = call;
  const signal = running(wpConsentApi);

  signal.start();
  expect([events, calls]).toEqual([['optin'], []]);
  signal.choose(...granted.filter(Boolean));

  const answer = (id: string) => (granted.includes(id) ? 'allow' : 'deny');
  expect(calls).toEqual([
    ['preferences', answer('functional')],
    ['statistics-anonymous', answer('analytics')],
    ['statistics', answer('analytics')],
    ['marketing', answer('marketing')],
    ['functional', 'allow'],
  ]);
});

test('the plugin is told when it comes later', () => {
  const {calls, call} = recorder();
  const signal = running(wpConsentApi);
  signal.start();
  signal.choose('marketing');
  page.wp_set_consent = call;

  scriptLoads();

  expect(calls).toContainEqual(['marketing', 'allow']);
});
