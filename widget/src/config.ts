/**
 * What the server publishes for a site: the types, and the reader that refuses anything it cannot trust to be complete.
 */

export interface Category {
  id: string;
  required: boolean;
  /** Why it is necessary; one of a closed list, only when `required`. */
  reason?: string;
  /** Revision at which the category last changed materially. */
  since: number;
}

export interface Store {
  /** Name or pattern; `*` stands for any characters. */
  name: string;
  kind: string;
  /** ISO 8601 duration, or `session`. */
  lifetime: string;
}

export interface Service {
  id: string;
  name: string;
  category: string;
  policy_url?: string;
  /** ISO 3166 code. */
  country?: string;
  data: string[];
  hosts: string[];
  stores: Store[];
  since: number;
}

export type Texts = Record<string, string>;

export interface Theme {
  layout?: 'bar' | 'box';
  /** `#rrggbb` */
  accent?: string;
  /** CSS pixels. */
  radius?: number;
}

export interface Bundle {
  v: number;
  site: string;
  revision: number;
  name: string;
  controller: {name: string; address?: string; contact?: string; dpo?: string};
  authority?: {name: string; url?: string};
  storage_region?: string;
  record_retention?: string;
  policy?: {url: string; version: string};
  reprompt_after: string;
  languages: {default: string; available: string[]};
  categories: Category[];
  services: Service[];
  signals: Record<string, unknown>;
  theme: Theme;
  texts: Record<string, Texts>;
}

/** Public half of a token key, RFC 8037. */
export interface Key {
  kid: string;
  x: string;
}

export interface Published {
  hash: string;
  build: string;
  bundle: Bundle;
  keys: Key[];
}

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
    !/^P\d+[YMWD]$/.test(bundle.reprompt_after) ||
    !list(bundle.categories).every(isCategory) ||
    !isReadable(bundle)
  ) {
    return undefined;
  }
  const services = list(bundle.services)
    .filter((service) => isText(service?.id) && isText(service.name))
    .map((service) => ({
      ...service,
      data: list(service.data),
      hosts: list(service.hosts),
      stores: list(service.stores).filter((store) => isText(store?.name)),
    }));
  return {
    hash: published.hash,
    build: published.build,
    keys: list(published.keys),
    bundle: {
      ...bundle,
      categories: list(bundle.categories),
      services,
      signals: bundle.signals ?? {},
      theme: bundle.theme ?? {},
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
