import {beforeEach, expect, test} from 'vitest';
import matomo from '../../src/signals/matomo';
import {CHOICES, page, running} from './choices';

beforeEach(() => {
  delete page._paq;
});

test.each(CHOICES)('on: nothing is tracked without a yes to analytics: %s %s %s %s', (...granted) => {
  const signal = running(matomo, 'on');

  signal.start();
  signal.choose(...granted.filter(Boolean));

  const told = granted.includes('analytics') ? [['setConsentGiven']] : [['forgetCookieConsentGiven'], ['requireConsent']];
  expect(page._paq).toEqual([['requireConsent'], ...told]);
});

test.each(CHOICES)('cookies: no cookie without a yes to analytics: %s %s %s %s', (...granted) => {
  const signal = running(matomo, 'cookies');

  signal.start(true);
  signal.choose(...granted.filter(Boolean));

  const told = granted.includes('analytics') ? 'setCookieConsentGiven' : 'forgetCookieConsentGiven';
  expect(page._paq).toEqual([['requireCookieConsent'], [told]]);
});

test('a withdrawal deletes the cookies and requires consent again, and is never remembered by Matomo', () => {
  const signal = running(matomo, 'on');
  signal.start();
  signal.choose('analytics');
  signal.choose();

  expect(page._paq).toEqual([['requireConsent'], ['setConsentGiven'], ['forgetCookieConsentGiven'], ['requireConsent']]);
});
