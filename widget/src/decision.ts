/**
 * The rules of a decision: what was chosen, what of it still holds, and what has to be asked.
 * Knows no page and no network; the time is always an argument (milliseconds since 1970, UTC).
 */
import type {Bundle, Category} from './config';

export type Choices = Record<string, boolean>;
export type Action = 'accept_all' | 'reject_all' | 'save' | 'withdraw';
export type Method = 'banner' | 'preferences' | 'placeholder' | 'api' | 'gpc';
export type Standing = 'required' | 'granted' | 'refused' | 'undecided' | 'stale' | 'expired';

/** What the cookie `consent_state` holds. A refusal without an identifier has only the first six members. */
export interface State {
  v: 1;
  bundle: string;
  revision: number;
  /** UTC day of the decision, `2026-11-22`. */
  day: string;
  categories: Choices;
  services: Choices;
  /** Made while the browser sent Global Privacy Control, so that a yes in it outweighs the signal. */
  gpc?: true;
  /** Categories that were decided at an older revision than `revision`. */
  revisions?: Record<string, number>;
  /** End of each category's choice, RFC 3339. */
  expires?: Record<string, string>;
  id?: string;
  n?: number;
}

/** Yes or no for categories, and for single services. */
export interface Wish {
  categories: Choices;
  services: Choices;
}

export function optionalCategories(bundle: Bundle): Category[] {
  return bundle.categories.filter((category) => !category.required);
}

/** Where a category stands now. Only `granted` and `required` may ever run. */
export function standing(bundle: Bundle, state: State | undefined, id: string, now: number): Standing {
  const category = bundle.categories.find((candidate) => candidate.id === id);
  if (category?.required) {
    return 'required';
  }
  const found = chosen(bundle, state, category, now);
  // What the browser refuses is only outweighed by a yes that was said to this site in the face of it.
  return category?.gpc && !(found === 'granted' && state?.gpc) ? 'refused' : found;
}

function chosen(bundle: Bundle, state: State | undefined, category: Category | undefined, now: number): Standing {
  const choice = category && state?.categories[category.id];
  if (!category || !state || typeof choice !== 'boolean') {
    return 'undecided';
  }
  if (isNewTo(state, category.id, category.since)) {
    return 'stale';
  }
  if (!(now < choiceEnds(bundle, state, category.id))) {
    return 'expired';
  }
  return choice ? 'granted' : 'refused';
}

/** Ids of the optional categories the visitor has to be asked about. */
export function mustAsk(bundle: Bundle, state: State | undefined, now: number): string[] {
  return optionalCategories(bundle)
    .map((category) => category.id)
    .filter((id) => ['undecided', 'stale', 'expired'].includes(standing(bundle, state, id, now)));
}

/** When the choice for one category ends; with an identifier the server said so, without one the day decides. */
export function choiceEnds(bundle: Bundle, state: State, id: string): number {
  const end = state.expires?.[id];
  return end === undefined ? refusalEnds(state.day, bundle.reprompt_after) : Date.parse(end);
}

/** When the last of the choices ends: the lifetime of the entry on the device. */
export function stateEnds(bundle: Bundle, state: State): number {
  const ends = Object.keys(state.categories).map((id) => choiceEnds(bundle, state, id));
  return Math.max(...ends.filter((end) => end > 0), 0);
}

/** Ids of the categories that were granted before the browser objected to them. */
export function objectedTo(bundle: Bundle, state: State | undefined): string[] {
  return optionalCategories(bundle)
    .filter(({id, gpc}) => gpc && state?.categories[id] && !state.gpc)
    .map(({id}) => id);
}

/** Whether something changed materially at `since`, after the category was last decided; false for one who never decided. */
export function isNewTo(state: State | undefined, id: string, since: number): boolean {
  return state !== undefined && since > (state.revisions?.[id] ?? state.revision);
}

export function grantsAnything(choices: Choices | undefined): boolean {
  return Object.values(choices ?? {}).includes(true);
}

/** Whether somebody says yes to anything; a no needs neither proof nor trust. */
export function isGrant({categories, services}: Partial<Wish>): boolean {
  return grantsAnything(categories) || grantsAnything(services);
}

/** The same of what was pressed. */
export function isYes({action, wish}: {action: Action; wish?: Partial<Wish>}): boolean {
  return action === 'accept_all' || (action === 'save' && isGrant(wish ?? {}));
}

/** The older state with everything taken away that the newer wish does not grant as well. */
export function restrict(state: State, wish: Wish): State {
  const categories: Choices = {};
  const services: Choices = {...state.services};
  for (const [id, choice] of Object.entries(state.categories)) {
    categories[id] = choice && wish.categories[id] === true;
  }
  for (const [id, choice] of Object.entries(wish.services)) {
    services[id] = choice && state.services[id] !== false;
  }
  return {...state, categories, services};
}

/** Whether the newer state refuses something that the other one grants. */
export function isLess(newer: State | undefined, {categories, services}: State): boolean {
  return (
    newer !== undefined &&
    (Object.keys(categories).some((id) => categories[id] && newer.categories[id] === false) ||
      Object.keys(newer.services).some((id) => newer.services[id] === false && services[id] !== false))
  );
}

/**
 * Two tabs wrote at once, and `found` was the last. As in the log: the higher number wins, and in a tie the restrictive answer.
 *
 * @returns what has to be written, if not that
 */
export function afterBoth(own: State, found: State): State | undefined {
  const [before, after] = [Number(own.n), Number(found.n)];
  if (own.id && own.id === found.id && after <= before && isLess(own, found)) {
    return after < before ? own : restrict(found, own);
  }
  return undefined;
}

/** The next number of this consent: higher than every one used before, as far as the server takes one. */
export function nextNumber(...used: (number | undefined)[]): number {
  return Math.min(1 + Math.max(0, ...used.map((n) => n ?? 0)), Number.MAX_SAFE_INTEGER);
}

export function utcDay(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

/**
 * End of a refusal that left only its day on the device: the end of the day one period later (`P12M`, whole months).
 * Where that month lacks the day: the end of its last day.
 */
export function refusalEnds(day: string, period: string): number {
  const date = new Date(`${day}T00:00:00Z`);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + Number(period.slice(1, -1))];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay) + 1);
}
