import {beforeEach, expect, test} from 'vitest';
import {signalsOf} from '../../src/signals';
import googleConsentMode from '../../src/signals/google_consent_mode';

const google = {google_consent_mode: googleConsentMode};

const commands = () => (window.dataLayer ?? []).map((command) => [...(command as IArguments)]);
const types = (marketing: string, analytics: string, functional: string) => ({
  ad_storage: marketing,
  ad_user_data: marketing,
  ad_personalization: marketing,
  analytics_storage: analytics,
  functionality_storage: functional,
  personalization_storage: functional,
  security_storage: 'granted',
});

beforeEach(() => {
  delete window.dataLayer;
});

test('everything is denied first, then each choice is told once', () => {
  const signals = signalsOf({google_consent_mode: 'basic'}, google);

  signals.start(false);
  signals.apply(new Set(['analytics']));
  signals.apply(new Set(['analytics', 'marketing', 'functional']));

  expect(commands()).toEqual([
    ['consent', 'default', types('denied', 'denied', 'denied')],
    ['set', 'ads_data_redaction', true],
    ['set', 'url_passthrough', false],
    ['consent', 'update', types('denied', 'granted', 'denied')],
    ['consent', 'update', types('granted', 'granted', 'granted')],
  ]);
});

test('tags are asked to wait only while an earlier grant is being checked', () => {
  signalsOf({google_consent_mode: 'advanced'}, google).start(true);

  expect(commands()[0]?.[2]).toEqual({...types('denied', 'denied', 'denied'), wait_for_update: 500});
});

test('without a signal nothing is touched', () => {
  const signals = signalsOf({}, {});
  signals.start(false);
  signals.apply(new Set(['marketing']));

  expect(window.dataLayer).toBeUndefined();
});

test('a frozen queue of the page throws at nobody', () => {
  window.dataLayer = Object.freeze([]) as unknown as unknown[];

  expect(() => signalsOf({google_consent_mode: 'basic'}, google).start(false)).not.toThrow();
});
