/** Reads what a visitor wants against what holds: what is answered now, and what goes on as it is. */
import type {Bundle} from '../config';
import type {Press} from '../consent';
import {type Choices, objectedTo, optionalCategories, type State, standing, type Wish} from '../decision';
import type {Ground} from './permission';

export interface Reading {
  /** What holds once it is in force: every optional category, and the services of categories that are split. */
  whole: Wish;
  /** What is answered now and sent; the server keeps its own choice for the rest. */
  answered: Wish;
  /** Categories whose choice goes on, with its own end. */
  kept: string[];
}

/** Everything granted or everything refused. */
export function uniformWish(bundle: Bundle, granted: boolean): Wish {
  return {categories: Object.fromEntries(optionalCategories(bundle).map(({id}) => [id, granted])), services: {}};
}

/**
 * The wish behind a press; only `save` brings its own. What the browser refuses is not accepted by the way: a yes to it is
 * said where it can be read, in the second layer.
 *
 * @param has what is granted already stays granted
 */
export function wishOf({action, method, wish}: Press, bundle: Bundle, has: (id: string) => boolean): Partial<Wish> {
  if (action === 'save') {
    return wish ?? {};
  }
  const all = uniformWish(bundle, action === 'accept_all');
  for (const {id, gpc} of bundle.categories) {
    if (gpc && method !== 'preferences' && all.categories[id]) {
      all.categories[id] = has(id);
    }
  }
  return all;
}

/**
 * Tells whether the server holds of a category what this device holds. A no here to what is granted there is none that it has
 * taken: a cookie may not have had room for all that was chosen.
 */
export function heldAlike({state, grant}: Ground, isDelivered: boolean): (id: string) => boolean {
  return (id) => isDelivered && state?.id !== undefined && (state.categories[id] !== false || !grant?.categories.has(id));
}

/**
 * A category that is not named keeps a choice that still holds, and is refused otherwise: silence is no yes. One whose
 * services alone are named keeps its own end too, as long as something of it stays allowed. A category whose services are
 * all alike is not split, so its services are left out.
 *
 * @param canKeep whether the server holds of a category what this device holds; otherwise it is answered, so that nothing is
 *   carried over there which was taken back here
 * @returns undefined when nothing that can be chosen is named
 */
export function readWish(
  bundle: Bundle,
  state: State | undefined,
  wish: Partial<Wish>,
  now: number,
  canKeep: (id: string) => boolean,
): Reading | undefined {
  const whole: Wish = {categories: {}, services: {}};
  const answered: Wish = {categories: {}, services: {}};
  const kept: string[] = [];
  let isAnything = false;
  for (const {id} of optionalCategories(bundle)) {
    const present = standing(bundle, state, id, now);
    const isGranted = present === 'granted';
    const named = chosen(wish.categories, id);
    const split: Choices = {};
    const alone: Choices = {};
    for (const service of bundle.services.filter(({category}) => category === id)) {
      const own = chosen(wish.services, service.id);
      split[service.id] = own ?? named ?? (isGranted && state?.services[service.id] !== false);
      if (own !== undefined) {
        alone[service.id] = own;
      }
    }
    const answers = Object.values(split);
    const isNamed = named !== undefined || Object.keys(alone).length > 0;
    const granted = (isNamed ? named !== false : isGranted) && (answers.length === 0 || answers.includes(true));
    const parts = granted && answers.includes(false) ? split : {};
    isAnything ||= isNamed;
    whole.categories[id] = granted;
    Object.assign(whole.services, parts);
    // A grant that the browser objects to is still held by the server: it has to be told.
    const isHeld = granted === isGranted && granted === state?.categories[id];
    if (canKeep(id) && named === undefined && isHeld && (isGranted || present === 'refused')) {
      kept.push(id);
      Object.assign(answered.services, alone);
    } else {
      answered.categories[id] = granted;
      Object.assign(answered.services, parts);
    }
  }
  return isAnything ? {whole, answered, kept} : undefined;
}

/**
 * What the browser takes back. It answers nothing else: what holds goes on, and what has to be asked stays to be asked.
 *
 * @param canKeep as above; otherwise the noes that may not have arrived yet are repeated
 */
export function readObjection(bundle: Bundle, state: State, now: number, canKeep: (id: string) => boolean): Reading {
  const objected = objectedTo(bundle, state);
  const reading: Reading = {whole: {categories: {}, services: {}}, answered: {categories: {}, services: {}}, kept: []};
  const {whole, answered, kept} = reading;
  for (const {id} of optionalCategories(bundle)) {
    const isTaken = objected.includes(id);
    const present = standing(bundle, state, id, now);
    const isAnswer = isTaken || (!canKeep(id) && present === 'refused' && state.categories[id] === false);
    if (isAnswer) {
      answered.categories[id] = false;
    } else {
      kept.push(id);
    }
    if (isTaken || (id in state.categories && (present === 'granted' || present === 'refused'))) {
      whole.categories[id] = present === 'granted';
    }
  }
  for (const {id, category} of bundle.services) {
    const choice = state.services[id];
    if (choice !== undefined && !objected.includes(category)) {
      whole.services[id] = choice;
      if (!canKeep(category) && !choice) {
        answered.services[id] = false;
      }
    }
  }
  return reading;
}

/** Only a plain yes or no counts; page code may hand over anything. */
function chosen(choices: Choices | undefined, id: string): boolean | undefined {
  const choice: unknown = choices?.[id];
  return typeof choice === 'boolean' ? choice : undefined;
}
