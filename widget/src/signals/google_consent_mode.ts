/**
 * Google consent mode, version 2: all seven types, denied before anything else.
 * Source: https://developers.google.com/tag-platform/security/guides/consent
 */
import type {Granted, Signal} from './signal';

declare global {
  interface Window {
    dataLayer?: unknown[];
  }
}

/** Which category speaks for which type. `security_storage` needs no consent. */
const TYPES: Record<string, string> = {
  ad_storage: 'marketing',
  ad_user_data: 'marketing',
  ad_personalization: 'marketing',
  analytics_storage: 'analytics',
  functionality_storage: 'functional',
  personalization_storage: 'functional',
};

export default {
  start(isPending: boolean) {
    const denied = types(new Set());
    gtag('consent', 'default', isPending ? {...denied, wait_for_update: 500} : denied);
    gtag('set', 'ads_data_redaction', true);
    gtag('set', 'url_passthrough', false);
  },
  apply: (granted: Granted) => gtag('consent', 'update', types(granted)),
} satisfies Signal;

function types(granted: Granted): Record<string, string | number> {
  const values: Record<string, string> = {};
  for (const [type, category] of Object.entries(TYPES)) {
    values[type] = granted.has(category) ? 'granted' : 'denied';
  }
  return {...values, security_storage: 'granted'};
}

/** Google's tags read commands only from an `arguments` object, never from an array. */
function gtag(..._command: unknown[]): void {
  window.dataLayer ??= [];
  // biome-ignore lint/complexity/noArguments: see above.
  window.dataLayer.push(arguments);
}
