/**
 * Tells PostHog, which remembers by itself: only what it has not heard yet is said, because each yes is an event of its own.
 * Source: https://posthog.com/docs/privacy/data-collection
 */
import {whenThere} from '../outside/when-there';

interface PostHog {
  __loaded?: boolean;
  get_explicit_consent_status(): 'granted' | 'denied' | 'pending';
  opt_in_capturing(): void;
  opt_out_capturing(): void;
}

export default whenThere(
  () => {
    const {posthog} = window as {posthog?: PostHog};
    return posthog?.__loaded ? posthog : undefined;
  },
  (posthog, granted, isPending) => {
    const known = posthog.get_explicit_consent_status();
    const isGranted = granted.has('analytics');
    // Before a choice only a yes of another time is taken back: a no would be stored.
    if (isPending === undefined ? known !== (isGranted ? 'granted' : 'denied') : !isPending && known === 'granted') {
      posthog[isGranted ? 'opt_in_capturing' : 'opt_out_capturing']();
    }
  },
);
