/**
 * One service for one page view. It is consent like any other, so it is proved like any other: recorded under an identifier
 * that nobody keeps, shown when the server has acknowledged it, and withdrawn in the log as soon as it has been used.
 */
import {sendsGpc} from '../config';
import {optionalCategories, type Wish} from '../decision';
import {deliver} from './api';
import type {Holding} from './holding';
import {randomId} from './identifier';
import type {DecisionBody} from './queue';
import type {Verify} from './verifier';

export interface Once {
  allows(category: string, service: string | undefined): boolean;
  /** @returns whether the service may run on this page now; never rejects */
  show(service: string): Promise<boolean>;
  /** A later no takes away what was shown, and what is still on its way. @returns the categories of what goes */
  heed(no: Partial<Wish>): string[];
}

/**
 * @param language of the texts that are shown
 * @param apply brings the page in line
 */
export function createOnce(base: string, holding: Holding, verify: Verify, language: () => string, apply: () => void): Once {
  /** Service → its category. */
  const shown = new Map<string, string>();
  const awaited = new Map<string, string>();

  async function show(id: string): Promise<boolean> {
    const {bundle, hash, build} = holding.published;
    const service = bundle.services.find((candidate) => candidate.id === id);
    if (!service) {
      return false;
    }
    const {category} = service;
    const isOne = (granted: boolean) => ({
      idempotency_key: randomId(),
      categories: Object.fromEntries(optionalCategories(bundle).map((each) => [each.id, granted && each.id === category])),
      services: Object.fromEntries(
        bundle.services.filter((other) => granted && other.category === category).map((other) => [other.id, other === service]),
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
    awaited.set(id, category);
    const {answer, reason} = await deliver(base, bundle.site, body);
    const checked = await verify(answer?.token ?? '');
    if (awaited.delete(id) && typeof checked !== 'string' && checked.categories.has(category)) {
      shown.set(id, category);
      apply();
    }
    // Without an answer it may be in the log all the same.
    reason || void deliver(base, bundle.site, {...body, ...isOne(false), action: 'withdraw', n: 2});
    return shown.has(id);
  }

  function heed({categories, services}: Partial<Wish>): string[] {
    const isRefused = ([id, category]: [string, string]) => (services?.[id] ?? categories?.[category]) === false;
    for (const refused of [...awaited].filter(isRefused)) {
      awaited.delete(refused[0]);
    }
    const lost = [...shown].filter(isRefused);
    for (const [id] of lost) {
      shown.delete(id);
    }
    lost.length > 0 && apply();
    return lost.map(([, category]) => category);
  }

  return {show, heed, allows: (category, service) => service !== undefined && shown.get(service) === category};
}
