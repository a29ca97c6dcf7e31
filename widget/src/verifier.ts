/** Checks tokens with what this page knows of the server: its keys, and what time it is there. */
import {fetchPublished} from './api';
import type {Key} from './config';
import {checkToken, type Grant} from './token';

export interface Verifier {
  /** Milliseconds: the device's clock, put right where it is known to be slow. */
  now(): number;
  /** The server's clock had reached this instant; not a number is no news. */
  learn(instant: number): void;
  /** @returns the grant, or why there is none: `keys_unavailable` passes, anything else does not */
  verify(token: string): Promise<Grant | string>;
  trust(keys: Key[]): void;
}

/** By how much the two clocks may differ before it is put down to the device, in milliseconds. */
const LEEWAY = 60_000;

export function createVerifier(base: string, site: string, first: Key[]): Verifier {
  let keys = first;
  /** How slow the device's clock is, in milliseconds. Never stored: it would tell devices apart. */
  let behind = 0;

  const now = () => Date.now() + behind;
  const check = (token: string) => checkToken(token, site, keys, now());

  function learn(instant: number): void {
    if (instant > now() + LEEWAY) {
      behind = instant - Date.now();
    }
  }

  /** A key we do not know yet may be newer than this page: the keys are fetched once more. */
  async function verify(token: string): Promise<Grant | string> {
    let checked = await check(token);
    if (checked === 'key_unknown') {
      const newer = await fetchPublished(base, site);
      if (!newer) {
        return 'keys_unavailable';
      }
      keys = newer.keys;
      checked = await check(token);
    }
    if (typeof checked !== 'string') {
      learn(checked.from);
    }
    return checked;
  }

  return {
    now,
    learn,
    verify,
    trust(newer) {
      keys = newer;
    },
  };
}
