/** Writes a decision down: the request for the server, and what this device will keep. */
import {type Entry, waiting} from './api';
import type {Published} from './config';
import {type Action, addPeriod, grantsAnything, type Method, nextNumber, type State, utcDay, type Wish} from './decision';
import {randomId} from './token';

export interface Press {
  action: Action;
  method: Method;
  wish: Wish;
  /** The browser saw a person do it. */
  isTrusted: boolean;
  language: string;
}

/**
 * A refusal by someone who never granted gets no identifier; a grant that still waits may have arrived, so it counts.
 *
 * @param state the present one
 * @param now milliseconds
 */
export function newEntry({hash, build, bundle}: Published, state: State | undefined, press: Press, now: number): Entry {
  const {action, method, wish, isTrusted, language} = press;
  const earlier = waiting().map((entry) => entry.body);
  const known = state?.id ?? earlier.find((body) => body.consent_id)?.consent_id;
  const id = known ?? (grantsAnything(wish.categories) ? randomId() : undefined);
  const n = nextNumber(state?.n, ...earlier.map((body) => body.n));
  const next: State = {v: 1, bundle: hash, revision: bundle.revision, day: utcDay(now), ...wish};
  if (id) {
    const end = new Date(addPeriod(now, bundle.reprompt_after)).toISOString();
    const expires = Object.fromEntries(Object.keys(wish.categories).map((category) => [category, end]));
    Object.assign(next, {expires, id, n});
  }
  return {
    at: now,
    state: next,
    body: {
      idempotency_key: randomId(),
      // Without an identifier there is nothing that could be withdrawn.
      action: action === 'withdraw' && !id ? 'reject_all' : action,
      method,
      ...wish,
      ...(id ? {consent_id: id, n} : {}),
      bundle: hash,
      build,
      language,
      gpc: (navigator as {globalPrivacyControl?: boolean}).globalPrivacyControl === true,
      trusted: isTrusted,
    },
  };
}
