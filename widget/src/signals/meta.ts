/**
 * Tells Meta's pixel. It holds what is tracked after a `revoke`, and sends it at the next `grant`.
 * Source: https://developers.facebook.com/docs/meta-pixel/implementation/gdpr
 */
import {whenThere} from '../outside/when-there';

type Pixel = (...command: string[]) => void;

export default whenThere(
  () => (window as {fbq?: Pixel}).fbq,
  (fbq, granted) => fbq('consent', granted.has('marketing') ? 'grant' : 'revoke'),
);
