/**
 * Tells HubSpot, which hands it on to everything that listens to its banner.
 * Source: https://developers.hubspot.com/docs/api/events/cookie-banner
 */
import {queue} from '../outside/queue';
import type {Granted, Signal} from './signal';

export default {
  start: () => push(new Set()),
  apply: (granted) => push(granted),
} satisfies Signal;

function push(granted: Granted): void {
  const choice = {
    analytics: granted.has('analytics'),
    advertisement: granted.has('marketing'),
    functionality: granted.has('functional'),
  };
  queue('_hsp').push(['setHubSpotConsent', choice]);
}
