import {beforeEach, expect, test} from 'vitest';
import googleConsentMode from '../../src/signals/google_consent_mode';
import {CHOICES, page, running} from './choices';

const commands = () => ((page.dataLayer ?? []) as IArguments[]).map((command) => [...command]);
const types = (granted: string[]) => {
  const word = (id: string) => (granted.includes(id) ? 'granted' : 'denied');
  return {
    ad_storage: word('marketing'),
    ad_user_data: word('marketing'),
    ad_personalization: word('marketing'),
    analytics_storage: word('analytics'),
    functionality_storage: word('functional'),
    personalization_storage: word('functional'),
    security_storage: 'granted',
  };
};

beforeEach(() => {
  delete page.dataLayer;
});

test.each(CHOICES)('everything is denied first, then a choice of %s %s %s %s is told once', (...granted) => {
  const google = running(googleConsentMode, 'basic');

  google.start();
  google.choose(...granted.filter(Boolean));

  expect(commands()).toEqual([
    ['consent', 'default', types([])],
    ['set', 'ads_data_redaction', true],
    ['set', 'url_passthrough', false],
    ['consent', 'update', types(granted)],
  ]);
});

test('a withdrawal is an update that denies', () => {
  const google = running(googleConsentMode, 'basic');
  google.start();
  google.choose('analytics', 'marketing');
  google.choose();

  expect(commands().slice(3)).toEqual([
    ['consent', 'update', types(['analytics', 'marketing'])],
    ['consent', 'update', types([])],
  ]);
});

test('tags are asked to wait only while an earlier grant is being checked', () => {
  running(googleConsentMode, 'basic').start(true);
  running(googleConsentMode, {mode: 'advanced', wait_for_update: 2_000}).start(true);
  running(googleConsentMode, {mode: 'advanced', wait_for_update: 2_000}).start(false);

  const defaults = commands().filter(([, kind]) => kind === 'default');
  expect(defaults.map(([, , value]) => value)).toEqual([
    {...types([]), wait_for_update: 500},
    {...types([]), wait_for_update: 2_000},
    types([]),
  ]);
});

test('each region has a default of its own, and so has the rest of the world', () => {
  running(googleConsentMode, {mode: 'basic', regions: [['AT', 'FR'], ['US-CA']]}).start();

  expect(commands().slice(0, 3)).toEqual([
    ['consent', 'default', {...types([]), region: ['AT', 'FR']}],
    ['consent', 'default', {...types([]), region: ['US-CA']}],
    ['consent', 'default', types([])],
  ]);
});

test('redaction and passthrough are as the site says', () => {
  running(googleConsentMode, {mode: 'basic', ads_data_redaction: false, url_passthrough: true}).start();

  expect(commands().slice(1)).toEqual([
    ['set', 'ads_data_redaction', false],
    ['set', 'url_passthrough', true],
  ]);
});

test('what the page has queued before stays in front', () => {
  page.dataLayer = [{event: 'gtm.js'}];

  running(googleConsentMode, 'basic').start();

  expect((page.dataLayer as unknown[])[0]).toEqual({event: 'gtm.js'});
});

test('a frozen queue of the page throws at nobody', () => {
  page.dataLayer = Object.freeze([]);

  expect(() => running(googleConsentMode, 'basic').start()).not.toThrow();
});
