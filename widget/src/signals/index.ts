/** The signals that a site's document switches on; the server puts only those into the site's script. */
import type {Granted, Signal} from './signal';

/** By the name of their setting, as the server assembles them. */
declare const CONSENT_SIGNALS: Record<string, Signal>;

export interface Signals {
  start(isPending: boolean): void;
  apply(granted: Granted): void;
}

/**
 * The site's signals as one. One that fails must not take the page or the others with it.
 *
 * @param settings the bundle's `signals`; its `categories` are the ids that stand for the names which signals know
 */
export function signalsOf(settings: Record<string, unknown>, signals: Record<string, Signal> = CONSENT_SIGNALS): Signals {
  const each = (tell: (signal: Signal, setting: unknown) => void) => {
    for (const [id, signal] of Object.entries(signals)) {
      try {
        tell(signal, settings[id]);
      } catch {
        // The page froze or replaced the party's global: nothing was granted through it.
      }
    }
  };
  const own = (settings.categories ?? {}) as Record<string, string>;
  return {
    start: (isPending) => each((signal, setting) => signal.start(isPending, setting)),
    apply: (granted) => each((signal, setting) => signal.apply({has: (id) => granted.has(own[id] ?? id)}, setting)),
  };
}
