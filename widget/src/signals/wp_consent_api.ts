/**
 * Tells WordPress plugins by the WP Consent API: consent has to be asked for here, and what was answered.
 * Source: https://wordpress.org/plugins/wp-consent-api/
 */
import {whenThere} from '../outside/when-there';
import type {Signal} from './signal';

type Page = {wp_consent_type?: string; wp_set_consent?(category: string, answer: string): void};

/** Theirs, then ours. */
const CATEGORIES = [
  ['preferences', 'functional'],
  ['statistics-anonymous', 'analytics'],
  ['statistics', 'analytics'],
  ['marketing', 'marketing'],
] as const;

const signal = whenThere(
  () => (window as Page).wp_set_consent,
  (set, granted, isPending) => {
    if (isPending === undefined) {
      for (const [theirs, ours] of CATEGORIES) {
        set(theirs, granted.has(ours) ? 'allow' : 'deny');
      }
      // Their word for what is necessary.
      set('functional', 'allow');
    }
  },
);

export default {
  start(isPending, setting) {
    (window as Page).wp_consent_type = 'optin';
    document.dispatchEvent(new CustomEvent('wp_consent_type_defined'));
    signal.start(isPending, setting);
  },
  apply: signal.apply,
} satisfies Signal;
