/**
 * One service for one page view. It is consent like any other, so it is proved like any other: recorded under an identifier
 * that nobody keeps, shown when the server has acknowledged it, and withdrawn in the log as soon as it has been used.
 */
import {sendsGpc} from '../config';
import {optionalCategories} from '../decision';
import {deliver} from './api';
import type {Holding} from './holding';
import {randomId} from './identifier';
import type {DecisionBody} from './queue';
import type {Verify} from './verifier';

export interface Once {
  allows(category: string, service: string | undefined): boolean;
  /** @returns whether the service may run on this page now; never rejects */
  show(service: string): Promise<boolean>;
}

/**
 * @param language of the texts that are shown
 * @param apply brings the page in line
 */
export function createOnce(base: string, {published}: Holding, verify: Verify, language: () => string, apply: () => void): Once {
  const shown = new Set<string>();
  const {bundle, hash, build} = published;

  async function show(id: string): Promise<boolean> {
    const service = bundle.services.find((candidate) => candidate.id === id);
    if (!service) {
      return false;
    }
    const isOne = (granted: boolean) => ({
      idempotency_key: randomId(),
      categories: Object.fromEntries(
        optionalCategories(bundle).map((category) => [category.id, granted && category.id === service.category]),
      ),
      services: Object.fromEntries(
        bundle.services
          .filter(({category}) => granted && category === service.category)
          .map((other) => [other.id, other === service]),
      ),
    });
    const body: DecisionBody = {
      ...isOne(true),
      action: 'save',
      method: 'placeholder',
      consent_id: randomId(),
      n: 1,
      bundle: hash,
      build,
      language: language(),
      gpc: sendsGpc(),
      trusted: true,
    };
    const {answer} = await deliver(base, bundle.site, body);
    const checked = await verify(answer?.token ?? '');
    if (typeof checked === 'string' || !checked.categories.has(service.category)) {
      return false;
    }
    shown.add(`${service.category}/${id}`);
    apply();
    void deliver(base, bundle.site, {...body, ...isOne(false), action: 'withdraw', n: 2});
    return true;
  }

  return {show, allows: (category, service) => shown.has(`${category}/${service}`)};
}
