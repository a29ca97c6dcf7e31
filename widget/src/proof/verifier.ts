/** Checks tokens with what this page knows of the server: its keys, and what time it is there. */

import {fetchPublished} from './api';
import type {Holding} from './holding';
import {checkToken, type Grant} from './token';

/** @returns the grant, or why there is none: `keys_unavailable` passes, anything else does not */
export type Verify = (token: string) => Promise<Grant | string>;

export function createVerifier(base: string, holding: Holding): Verify {
  let {keys} = holding.published;
  let seen = holding.published;

  /** A key we do not know yet may be newer than this page: the keys are fetched once more. */
  return async (token) => {
    const {published, now, learn} = holding;
    if (published !== seen) {
      seen = published;
      keys = published.keys;
    }
    const {site} = published.bundle;
    let checked = await checkToken(token, site, keys, now());
    if (checked === 'key_unknown') {
      const newer = await fetchPublished(base, site);
      if (!newer) {
        return 'keys_unavailable';
      }
      keys = newer.keys;
      checked = await checkToken(token, site, keys, now());
    }
    if (typeof checked !== 'string') {
      learn(checked.from);
    }
    return checked;
  };
}
