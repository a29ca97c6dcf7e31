/** Reads what the server sent, and refuses anything it cannot trust to be complete. */
import type {Bundle, Category, Published, Texts} from '../config';
import {asAsked} from '../slot';
import {listed} from './listed';

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/**
 * Reads what the server sent; `undefined` for anything incomplete, so that the caller denies everything.
 * Lists and objects that only add information may be missing; they are filled, never guessed.
 */
export function readPublished(value: unknown): Published | undefined {
  const published = value as Published | undefined;
  const bundle = published?.bundle;
  if (
    !published ||
    !bundle ||
    bundle.v !== 1 ||
    !isText(published.hash) ||
    !isText(bundle.site) ||
    !Number.isSafeInteger(bundle.revision) ||
    !isText(bundle.controller?.name) ||
    !/^P\d+M$/.test(bundle.reprompt_after) ||
    !list(bundle.categories).every(isCategory) ||
    !isReadable(bundle)
  ) {
    return undefined;
  }
  const services = list(bundle.services)
    .filter((service) => isText(service?.id) && isText(service.name))
    .map((service) => ({
      ...service,
      // In the bundle apart these are lists still.
      data: inEach(bundle, (tag) => bundle.texts[tag]?.[`data.${service.id}`] ?? ''),
      hosts: inEach(bundle, (tag) => listed(list(service.hosts as unknown as string[]), tag)),
      stores: list(service.stores).filter((store) => isText(store?.name)),
    }));
  return {
    hash: published.hash,
    build: published.build,
    keys: list(published.keys),
    bundle: {
      ...bundle,
      categories: list(bundle.categories),
      texts: Object.fromEntries(Object.entries(bundle.texts).map(([tag, texts]) => [tag, asAsked(texts)])),
      services,
      signals: bundle.signals ?? {},
    },
  };
}

/** A banner that cannot name itself or its two answers must not be shown at all. */
function isReadable(bundle: Bundle): boolean {
  const fallback = bundle.texts?.[bundle.languages?.default];
  return ['title', 'intro', 'accept', 'reject', 'choose'].every((slot) => isText(fallback?.[slot]));
}

function isCategory(category: Category): boolean {
  return isText(category?.id) && NAME.test(category.id) && Number.isSafeInteger(category.since);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function list<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value : [];
}

function inEach({texts}: Bundle, say: (language: string) => string): Texts {
  return Object.fromEntries(Object.keys(texts).map((tag) => [tag, say(tag)]));
}
