/**
 * Google consent mode, version 2: all seven types, denied before anything else.
 * Every region is denied, and so is the rest of the world; Google lets the most specific region win, in whatever order they come.
 * Source: https://developers.google.com/tag-platform/security/guides/consent
 */
import {queue} from '../outside/queue';
import type {Granted, Signal} from './signal';

/** What a site may change; a plain word changes nothing. */
interface Setting {
  /** ISO 3166-2 codes, a `default` of its own for each list. */
  regions?: string[][];
  /** Milliseconds. */
  wait_for_update?: number;
  ads_data_redaction?: boolean;
  url_passthrough?: boolean;
}

export default {
  start(isPending, setting) {
    const {regions = [], wait_for_update = 500, ads_data_redaction = true, url_passthrough = false} = setting as Setting;
    const denied = {...types(new Set()), ...(isPending && {wait_for_update})};
    for (const region of regions) {
      gtag('consent', 'default', {...denied, region});
    }
    gtag('consent', 'default', denied);
    gtag('set', 'ads_data_redaction', ads_data_redaction);
    gtag('set', 'url_passthrough', url_passthrough);
  },
  apply: (granted) => gtag('consent', 'update', types(granted)),
} satisfies Signal;

function types(granted: Granted): Record<string, unknown> {
  const word = (id: string) => (granted.has(id) ? 'granted' : 'denied');
  const ads = word('marketing');
  const extras = word('functional');
  return {
    ad_storage: ads,
    ad_user_data: ads,
    ad_personalization: ads,
    analytics_storage: word('analytics'),
    functionality_storage: extras,
    personalization_storage: extras,
    security_storage: 'granted',
  };
}

/** Google's tags read commands only from an `arguments` object, never from an array. */
function gtag(..._command: unknown[]): void {
  // biome-ignore lint/complexity/noArguments: see above.
  queue('dataLayer').push(arguments);
}
