/** Talks to the server: delivers one decision, fetches what is published, fetches a receipt. */
import {hearBrowser, type Published} from '../config';
import {isGrant} from '../decision';
import {json} from './json';
import {readPublished} from './published';
import type {DecisionBody} from './queue';

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

const TIMEOUT = 10_000;
const RETRIED = [408, 425, 429];
/** The server read the decision and can never take it. Any other refusal of a denial (a site moved, an origin
 *  forgotten in a new configuration) may pass, and a visitor's no is not to be lost to it. */
const FINAL_FOR_DENIALS = [400, 409, 413, 415, 422];

/**
 * Never rejects. `text/plain` needs no preflight, `keepalive` survives leaving the page.
 *
 * @param credentials `same-origin` lets the answer set cookies, on the site's own host
 * @param keepalive not for what is tried again and again: Chromium keeps the connection of one that was given up, and has six
 */
export async function deliver(
  base: string,
  site: string,
  decision: DecisionBody,
  credentials: RequestCredentials = 'omit',
  abort?: AbortController,
  keepalive = true,
): Promise<Outcome> {
  const options: RequestInit = {
    method: 'POST',
    headers: {'Content-Type': 'text/plain;charset=UTF-8'},
    body: json(decision),
    keepalive,
    credentials,
  };
  try {
    const [status, answer] = await request(`${base}/v1/sites/${site}/consents`, options, abort);
    if (status >= 200 && status < 300) {
      const recorded = answer as Answer;
      return typeof recorded.record_id === 'string' && recorded.categories ? {answer: recorded} : {};
    }
    return isFinal(status, isGrant(decision)) ? {reason: String((answer as {reason?: string} | null)?.reason ?? status)} : {};
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
    const read = status === 200 ? readPublished(published) : undefined;
    return read && hearBrowser(read);
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
async function request(url: string, options: RequestInit, abort = new AbortController()): Promise<[number, unknown]> {
  const timer = setTimeout(() => abort.abort(), TIMEOUT);
  try {
    const response = await fetch(url, {credentials: 'omit', signal: abort.signal, ...options});
    const body = response.json();
    return [response.status, response.ok ? await body : await body.catch(() => null)];
  } finally {
    clearTimeout(timer);
  }
}
