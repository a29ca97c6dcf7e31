/** The state on the device, as far as the server can take what follows from it. Rubbish keeps nobody from deciding. */
import type {State} from '../decision';

/** The highest number that one more can follow, and every reader keeps both. */
const LAST = Number.MAX_SAFE_INTEGER - 1;

/**
 * Under an identifier that is none there can be no record, so it is no choice. Of a number that is none, the server still has
 * the identifier: what is decided next has to be newer than all that was, or a no would be lost there. No count is as high as
 * the milliseconds since 1970; and where the server may have the highest of all, a no as high as that still wins.
 */
export function ownState(found: State | undefined): State | undefined {
  const {id, n} = found ?? {};
  if (!found || (id === undefined && n === undefined)) {
    return found;
  }
  const count = Number.isSafeInteger(n) ? Number(n) : 0;
  const isName = typeof id === 'string' && /^[\w-]{22}$/.test(id);
  return isName ? {...found, n: count > 0 ? Math.min(count, LAST) : Date.now()} : undefined;
}
