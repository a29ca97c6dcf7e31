/**
 * On the site's own host an answer can set cookies, and Safari keeps those for longer than the seven days of a script's.
 * It may only repeat what this device holds already: answers come in any order, also after the page is gone.
 */
import {utcDay} from '../decision';
import {deliver} from './api';
import type {Holding} from './holding';
import {json} from './json';
import type {Entry} from './queue';

export interface Keeper {
  /** Whether the first answer may set cookies: the refusal of one who never granted is held in its final form before it is sent. */
  credentials(entry: Entry): RequestCredentials;
  /** After the decision is held: the same request once more, which the log knows by its key. */
  keep(entry: Entry): void;
  /** A newer decision was made; what is on its way may no longer be kept. */
  stop(): void;
}

export function createKeeper(base: string, holding: Holding): Keeper {
  const isOwnHost = `${base}/`.startsWith(`${location.origin}/`);
  let abort = new AbortController();

  return {
    credentials({state}) {
      // One that is delivered on a later day would be remembered for longer.
      const isHeld = !state.id && state.day === utcDay(holding.now()) && json(state) === json(holding.state);
      return isOwnHost && isHeld ? 'same-origin' : 'omit';
    },
    keep(entry) {
      if (isOwnHost) {
        abort = new AbortController();
        void deliver(base, holding.published.bundle.site, entry.body, 'same-origin', abort);
      }
    },
    stop: () => abort.abort(),
  };
}
