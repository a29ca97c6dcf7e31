/**
 * Tells Matomo. `on`: nothing is tracked without consent. `cookies`: without consent it tracks, but without cookies.
 * What Matomo could remember by itself is never asked for: the choice is remembered by us, and `forgetConsentGiven` would set a
 * cookie for thirty years. `forgetCookieConsentGiven` deletes Matomo's cookies and sets none.
 * Source: https://developer.matomo.org/guides/tracking-consent
 */
import {queue} from '../outside/queue';
import type {Signal} from './signal';

export default {
  start: (_, setting) => push(setting === 'cookies' ? 'requireCookieConsent' : 'requireConsent'),
  apply(granted, setting) {
    const isForCookies = setting === 'cookies';
    if (granted.has('analytics')) {
      push(isForCookies ? 'setCookieConsentGiven' : 'setConsentGiven');
    } else {
      push('forgetCookieConsentGiven');
      isForCookies || push('requireConsent');
    }
  },
} satisfies Signal;

function push(command: string): void {
  queue('_paq').push([command]);
}
