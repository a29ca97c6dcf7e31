/** The signals we know; a site switches each on in its document. */
import {googleConsentMode} from './google-consent-mode';
import type {Granted, Signal} from './signal';

const SIGNALS: Signal[] = [googleConsentMode];

/** The signals a bundle switches on, as one. A signal that fails must not take the page or the others with it. */
export function signalsOf(settings: Record<string, unknown>): {start(isPending: boolean): void; apply(granted: Granted): void} {
  const chosen = SIGNALS.filter(({id}) => settings[id] === 'basic' || settings[id] === 'advanced' || settings[id] === 'on');
  const each = (tell: (signal: Signal) => void) => {
    for (const signal of chosen) {
      try {
        tell(signal);
      } catch {
        // The page froze or replaced the party's global: nothing was granted through it.
      }
    }
  };
  return {
    start: (isPending) => each((signal) => signal.start(isPending)),
    apply: (granted) => each((signal) => signal.apply(granted)),
  };
}
