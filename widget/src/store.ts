/**
 * What this device keeps: two cookies, and nothing else for a decision that was delivered.
 * Where cookies are refused, the values live as long as the page.
 */
import type {Bundle} from './config';
import type {Press} from './consent';
import type {State} from './decision';

const STATE = 'consent_state';
const TOKEN = 'consent_token';
/** Begins the name of each decision on its way; the second part writes them. */
export const QUEUE = 'consent_queue_';
/** The same for each press that is not on its way yet. */
export const PRESS = 'consent_press_';
/** That services may have stored something; the second part writes it with a grant, because its cookie ends with it. */
export const USED = 'consent_used';
/** Where tabs tell each other that they decided. */
export const CHANNEL = 'consent-server';

/** What the second part reads and writes here, because this part alone knows what the browser would not keep. */
export interface Store {
  rawState: typeof rawState;
  readState: typeof readState;
  readToken: typeof readToken;
  writeState: typeof writeState;
  writeToken: typeof writeToken;
}

/** Values the browser would not keep. */
const memory = new Map<string, string>();

export function readState(): State | undefined {
  try {
    const raw = rawState();
    // The first visit is the common one: nothing to read, nothing to throw.
    const state = raw ? (JSON.parse(decodeURIComponent(raw)) as State) : undefined;
    const isWhole = state?.v === 1 && typeof state.categories === 'object' && state.categories !== null;
    return isWhole ? {...state, services: {...state.services}} : undefined;
  } catch {
    return undefined;
  }
}

/** The cookie's text, to notice what another tab wrote. */
export function rawState(): string {
  return read(STATE);
}

/** @param until milliseconds; a visit never writes it anew */
export function writeState(bundle: Bundle, state: State, until: number): void {
  write(bundle, STATE, encodeURIComponent(JSON.stringify(state)), until);
}

export function readToken(): string {
  return read(TOKEN);
}

/** @param until milliseconds; a time in the past removes the token */
export function writeToken(bundle: Bundle, token: string, until: number): void {
  write(bundle, TOKEN, token, until);
}

/** A press that is not on its way yet. */
export interface KeptPress {
  press: Press;
  /** What it answers: the bundle, and what this device held. */
  answers: string;
  /** When, by the device's clock, in milliseconds since 1970. */
  at: number;
  /** Of its entry; none where the browser would not keep it. */
  name?: string;
  /** Whether it is in force, once it was taken. */
  decided?: Promise<boolean>;
}

/** Counts this page's, so that names are in order within a millisecond too; four digits, because they are compared as text. */
let presses = 1000;

/** So that a closed tab does not lose it, nor a later press one before it; the second part takes them from there. */
export function keepPress(kept: KeptPress): void {
  try {
    const key = `${kept.at}.${presses++}${Math.random()}`;
    localStorage.setItem(PRESS + key, JSON.stringify(kept));
    kept.name = PRESS + key;
  } catch {
    // It then lives as long as the page.
  }
}

/** Whether an earlier page left something to deliver, or services that were allowed something to delete. */
export function isAnythingWaiting(): boolean {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith(QUEUE) || key.startsWith(PRESS) || key === USED);
  } catch {
    return false;
  }
}

/** For the domain whose hosts share the choice, where the page is on one of them; else for this host. */
function write({cookie_domain}: Bundle, name: string, value: string, until: number): void {
  const domain = location.hostname.endsWith(cookie_domain as string) ? `;domain=${cookie_domain}` : '';
  const cookie = `${name}=${value};path=/;expires=${new Date(until).toUTCString()};samesite=lax${domain}`;
  const kept = until > Date.now() ? value : '';
  memory.delete(name);
  const before = read(name);
  // What is neither of the two, another tab has just written.
  const isRefused = () => before !== kept && read(name) === before;
  setCookie(`${cookie};secure`);
  if (isRefused() && location.protocol === 'http:') {
    setCookie(cookie);
  }
  if (isRefused()) {
    memory.set(name, kept);
  }
}

/** Two cookies of one name are nobody's: one of them was put there for another path or by a sibling host. */
function read(name: string): string {
  const pairs = cookies().filter((candidate) => candidate.startsWith(`${name}=`));
  const [pair = ''] = pairs.length === 1 ? pairs : [];
  return memory.get(name) ?? pair.slice(name.length + 1);
}

/** All cookies, for as long as one look serves everyone. */
let jar: string | undefined;

export function cookies(): string[] {
  return (jar ?? look()).split(/; */);
}

/** In a sandboxed frame even reading throws; an element of this name is found instead. */
function look(): string {
  try {
    return `${document.cookie}`;
  } catch {
    return '';
  }
}

/**
 * One look for all who ask before this turn of the page ends. Chromium notes where each look comes from, and for that reads
 * the source of every function that is running once more: whoever calls this should be short and called by nobody.
 */
export async function lookOnce(): Promise<void> {
  jar = look();
  await null;
  jar = undefined;
}

export function setCookie(cookie: string): void {
  jar = undefined;
  try {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is neither synchronous nor everywhere.
    document.cookie = cookie;
  } catch {
    // The choice then holds for the page.
  }
}
