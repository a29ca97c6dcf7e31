/**
 * Talks to the server: delivers decisions until they are acknowledged, and fetches the published bundle.
 * A decision waits in localStorage (in memory where that throws), so that a closed tab does not lose it.
 */
import {type Published, readPublished} from './config';
import {type Action, isGrant, type Method, type State} from './decision';

/** The request, as the server reads it. */
export interface DecisionBody {
  idempotency_key: string;
  action: Action;
  method: Method;
  categories: Record<string, boolean>;
  services: Record<string, boolean>;
  consent_id?: string;
  n?: number;
  bundle: string;
  build: string;
  language: string;
  gpc: boolean;
  trusted: boolean;
}

/** One decision on its way. */
export interface Entry {
  body: DecisionBody;
  /** Milliseconds; entries older than 30 days are dropped. */
  at: number;
  /** What the device keeps once the server has acknowledged; without the ends, which the server sets. */
  state: State;
}

export interface Answer {
  record_id: string;
  recorded_at?: string;
  expires_at: string;
  categories: Record<string, {granted: boolean; expires_at?: string | null}>;
  token?: string;
  superseded?: boolean;
}

/** `answer`: it is in the log. `reason`: the server refused it for good. Neither: try again later. */
export interface Outcome {
  answer?: Answer;
  reason?: string;
}

const QUEUE = 'consent_queue';
const LIMIT = 50;
const KEPT = 30 * 864e5;
const TIMEOUT = 10_000;
const RETRIED = [408, 425, 429];
/** The server read the decision and can never take it. Any other refusal of a denial (a site moved, an origin
 *  forgotten in a new configuration) may pass, and a visitor's no is not to be lost to it. */
const FINAL_FOR_DENIALS = [400, 409, 413, 415, 422];

let unsaved: Entry[] | undefined;

/** Waiting decisions: denials first, then in the order they were made. */
export function waiting(): Entry[] {
  let entries = unsaved;
  try {
    entries ??= JSON.parse(localStorage.getItem(QUEUE) ?? '[]') as Entry[];
  } catch {
    entries = [];
  }
  const rank = (entry: Entry) => Number(isGrant(entry.body));
  return (Array.isArray(entries) ? entries : [])
    .filter((entry) => entry?.body?.categories && entry.state && entry.at > Date.now() - KEPT)
    .sort((a, b) => rank(a) - rank(b) || a.at - b.at);
}

/** Adds a decision. Grants that still wait are dropped: a newer decision has replaced them. */
export function enqueue(entry: Entry): void {
  const denials = waiting().filter((other) => !isGrant(other.body));
  keep([...denials.slice(0, LIMIT - 1), entry]);
}

export function dequeue(entry: Entry): void {
  keep(waiting().filter((other) => other.body.idempotency_key !== entry.body.idempotency_key));
}

export function isWaiting(entry: Entry): boolean {
  return waiting().some((other) => other.body.idempotency_key === entry.body.idempotency_key);
}

function keep(entries: Entry[]): void {
  try {
    if (entries.length > 0) {
      localStorage.setItem(QUEUE, JSON.stringify(entries));
    } else {
      localStorage.removeItem(QUEUE);
    }
    unsaved = undefined;
  } catch {
    unsaved = entries;
  }
}

/** Never rejects. `text/plain` needs no preflight, `keepalive` survives leaving the page. */
export async function deliver(base: string, site: string, entry: Entry): Promise<Outcome> {
  try {
    const [status, answer] = await request(`${base}/v1/sites/${site}/consents`, {
      method: 'POST',
      headers: {'Content-Type': 'text/plain;charset=UTF-8'},
      body: JSON.stringify(entry.body),
      keepalive: true,
    });
    if (status >= 200 && status < 300) {
      const recorded = answer as Answer;
      return typeof recorded.record_id === 'string' && recorded.categories ? {answer: recorded} : {};
    }
    return isFinal(status, isGrant(entry.body)) ? {reason: String((answer as {reason?: string} | null)?.reason ?? status)} : {};
  } catch {
    return {};
  }
}

function isFinal(status: number, grants: boolean): boolean {
  return grants ? status >= 400 && status < 500 && !RETRIED.includes(status) : FINAL_FOR_DENIALS.includes(status);
}

/** What is published now, past every cache; `undefined` when there is nothing to trust. */
export async function fetchPublished(base: string, site: string): Promise<Published | undefined> {
  try {
    const [status, published] = await request(`${base}/v1/sites/${site}/bundle`, {cache: 'no-cache'});
    return status === 200 ? readPublished(published) : undefined;
  } catch {
    return undefined;
  }
}

/** What the server holds about this browser, or null. */
export async function fetchReceipt(base: string, site: string, id: string): Promise<unknown> {
  try {
    const [status, receipt] = await request(`${base}/v1/sites/${site}/me/receipt`, {headers: {'Consent-Id': id}});
    return status === 200 ? receipt : null;
  } catch {
    return null;
  }
}

/** @returns status and JSON; the body of an error may be anything, and is then null */
async function request(url: string, options: RequestInit): Promise<[number, unknown]> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT);
  try {
    const response = await fetch(url, {credentials: 'omit', signal: abort.signal, ...options});
    const body = response.json();
    return [response.status, response.ok ? await body : await body.catch(() => null)];
  } finally {
    clearTimeout(timer);
  }
}
