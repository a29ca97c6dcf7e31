/**
 * Tells TikTok's pixel: held until the visitor has chosen. Needs a base code that lists the three methods.
 * Source: https://business-api.tiktok.com/portal/docs/pixel-cookie-consent-mode/v1.3
 */
import {whenThere} from '../outside/when-there';

type Pixel = Record<'holdConsent' | 'grantConsent' | 'revokeConsent', () => void>;

export default whenThere(
  () => (window as {ttq?: Pixel}).ttq,
  (ttq, granted, isPending) => {
    const answer = granted.has('marketing') ? 'grantConsent' : 'revokeConsent';
    ttq[isPending === undefined ? answer : 'holdConsent']();
  },
);
