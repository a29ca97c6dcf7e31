/** What of a choice a cookie has room for. Knows no page. */
import type {Bundle} from '../config';
import type {State} from '../decision';

/**
 * Characters of the cookie's value. Browsers keep 4,096 with its name; the rest is for what the first part takes back
 * without looking (`true` becomes `false`).
 */
const LONGEST = 4000;

/**
 * A browser drops a cookie that is too long and keeps the one before it, with all that this one allowed. So where very many
 * services were answered one by one, a category of which one is refused is kept as refused, whole: the pages that follow run
 * less than was chosen, never more. The log has the choice as it was made.
 */
export function fitting(bundle: Bundle, state: State): State {
  if (encodeURIComponent(JSON.stringify(state)).length <= LONGEST) {
    return state;
  }
  const categories = {...state.categories};
  for (const {id, category} of bundle.services) {
    if (state.services[id] === false) {
      categories[category] = false;
    }
  }
  return {...state, categories, services: {}};
}
