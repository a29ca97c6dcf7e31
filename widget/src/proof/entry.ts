/** Writes a decision down: the request for the server, and what this device will keep. */
import {type Published, sendsGpc} from '../config';
import type {Press} from '../consent';
import {choiceEnds, isGrant, nextNumber, type State, utcDay} from '../decision';
import {randomId} from './identifier';
import type {Entry} from './queue';
import type {Reading} from './wish';

/**
 * A refusal by someone who never granted gets no identifier; a grant that still waits may have arrived, so it counts.
 * When the answers end is for the server to say; until then a refusal ends with its day.
 *
 * @param state the present one; what is kept keeps the end and the revision that it has there
 * @param now milliseconds
 * @param waiting what was decided and has not been delivered
 */
export function newEntry(
  {hash, build, bundle}: Published,
  state: State | undefined,
  press: Press,
  {whole, answered, kept}: Reading,
  language: string,
  now: number,
  waiting: Entry[],
): Entry {
  const {action, method, isTrusted} = press;
  const earlier = waiting.map((entry) => entry.body);
  const known = state?.id ?? earlier.find((body) => body.consent_id)?.consent_id;
  const id = known ?? (isGrant(answered) ? randomId() : undefined);
  const n = nextNumber(state?.n, ...earlier.map((body) => body.n));
  const gpc = sendsGpc();
  const next: State = {v: 1, bundle: hash, revision: bundle.revision, day: utcDay(now), ...whole, ...(gpc && {gpc})};
  if (state && kept.length > 0) {
    const older = kept
      .map((name) => [name, state.revisions?.[name] ?? state.revision])
      .filter(([, revision]) => revision !== bundle.revision);
    // Of what is still to be asked there may be none, nor of a no that the browser says anyway.
    const ends = kept.flatMap((name) => {
      const end = choiceEnds(bundle, state, name);
      return name in whole.categories && end > 0 ? [[name, new Date(end).toISOString()]] : [];
    });
    Object.assign(next, older.length > 0 && {revisions: Object.fromEntries(older)}, {expires: Object.fromEntries(ends)});
  }
  Object.assign(next, id && {id, n});
  return {
    at: now,
    state: next,
    body: {
      idempotency_key: randomId(),
      // Without an identifier there is nothing that could be withdrawn.
      action: action === 'withdraw' && !id ? 'reject_all' : action,
      method,
      ...answered,
      ...(id ? {consent_id: id, n} : {}),
      bundle: hash,
      build,
      language,
      gpc,
      trusted: isTrusted,
    },
  };
}
