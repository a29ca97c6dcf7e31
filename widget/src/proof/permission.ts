/**
 * What may run now: the choice on the device and the checked token must both say so. Knows no page; the time is an argument.
 */
import type {Bundle} from '../config';
import {choiceEnds, mustAsk, optionalCategories, type State, standing} from '../decision';
import type {Grant} from './token';

/** Everything a permission depends on. */
export interface Ground {
  bundle: Bundle;
  state: State | undefined;
  grant: Grant | undefined;
  now: number;
}

/** A service that is not in the bundle, or belongs to another category, may never run. */
export function mayRun({bundle, state, grant, now}: Ground, id: string, serviceId?: string): boolean {
  const found = standing(bundle, state, id, now);
  const service = bundle.services.find((candidate) => candidate.id === serviceId);
  return (
    (serviceId === undefined || service?.category === id) &&
    (found === 'required' ||
      (found === 'granted' &&
        grant !== undefined &&
        now < grant.until &&
        grant.categories.has(id) &&
        (serviceId === undefined || state?.services[serviceId] !== false)))
  );
}

/** For marked tags: one that names no service could be of any, so it waits until none of its category is refused. */
export function mayLoad(ground: Ground, id: string, serviceId?: string): boolean {
  const {bundle, state} = ground;
  const isSplit = bundle.services.some((service) => service.category === id && state?.services[service.id] === false);
  return mayRun(ground, id, serviceId) && (serviceId !== undefined || !isSplit);
}

export function grantedCategories(ground: Ground): string[] {
  return optionalCategories(ground.bundle)
    .map(({id}) => id)
    .filter((id) => mayRun(ground, id));
}

/** Something was never decided, has lapsed, or is granted here without a token to show for it. */
export function needsAnswer(ground: Ground): boolean {
  const {bundle, state, now} = ground;
  return (
    mustAsk(bundle, state, now).length > 0 ||
    optionalCategories(bundle).some(({id}) => standing(bundle, state, id, now) === 'granted' && !mayRun(ground, id))
  );
}

/** When the first thing that runs now must stop; undefined while nothing runs. */
export function firstEnd(ground: Ground): number | undefined {
  const {bundle, state, grant} = ground;
  const ids = grantedCategories(ground);
  return state && grant && ids.length > 0 ? Math.min(grant.until, ...ids.map((id) => choiceEnds(bundle, state, id))) : undefined;
}

/** When the first of the choices ends, granted or not; 0 before there is one. */
export function firstChoiceEnds({bundle, state}: Ground): number {
  return state ? Math.min(...optionalCategories(bundle).map(({id}) => choiceEnds(bundle, state, id))) : 0;
}
