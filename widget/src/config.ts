/** What the server publishes for a site. */

export interface Category {
  id: string;
  required: boolean;
  /** Why it is necessary; one of a closed list, only when `required`. */
  reason?: string;
  /** The browser's Global Privacy Control refuses it; on a page, only if this browser sends the signal. */
  gpc?: boolean;
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
  policy_url: string;
  /** ISO 3166 code. */
  country: string;
  /** What it sees, and where it is loaded from, as listed by the server: language → text where they differ. */
  data: string | Texts;
  hosts: string | Texts;
  stores: Store[];
  /** Whether others can read what it stores. */
  shared: boolean;
  since: number;
}

export type Texts = Record<string, string>;

export interface Bundle {
  v: number;
  site: string;
  revision: number;
  name: string;
  controller: {name: string; address?: string; contact?: string; dpo?: string};
  authority?: {name: string; url?: string};
  storage_region?: string;
  record_retention?: string;
  policy?: {url: string; version: string; since?: number};
  reprompt_after: string;
  /** Its sub-domains share one choice. */
  cookie_domain?: string;
  /** What becomes of a page whose scripts lost their consent; `reload` when left out. */
  on_withdrawal?: 'reload' | 'continue';
  languages: {default: string; available: string[]};
  /** A sealed proof outlives an erasure; no page carries it, only the bundle apart. */
  restricted_proof?: {months: number; reason: Texts};
  categories: Category[];
  services: Service[];
  signals: Record<string, unknown>;
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

/** Whether the browser sends Global Privacy Control. Source: https://www.w3.org/TR/gpc/, section 3.2 */
export function sendsGpc(): boolean {
  return (navigator as {globalPrivacyControl?: unknown}).globalPrivacyControl === true;
}

/** Leaves of the categories' `gpc` what this browser says. */
export function hearBrowser(published: Published): Published {
  for (const category of published.bundle.categories) {
    category.gpc &&= sendsGpc();
  }
  return published;
}
