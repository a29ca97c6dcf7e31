/**
 * What this device keeps: two cookies, and nothing else for a decision that was delivered.
 * Where cookies are refused, the values live as long as the page.
 */
import type {Bundle} from './config';
import type {Press} from './consent';
import {type State, stateEnds} from './decision';

const STATE = 'consent_state';
const TOKEN = 'consent_token';
/** Decisions on their way; the second part writes them. */
export const QUEUE = 'consent_queue';
const PRESS = 'consent_press';
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

/** The entry ends when its last choice ends; a visit never writes it. */
export function writeState(bundle: Bundle, state: State): void {
  write(STATE, encodeURIComponent(JSON.stringify(state)), stateEnds(bundle, state));
}

export function readToken(): string {
  return read(TOKEN);
}

/** @param until milliseconds; a time in the past removes the token */
export function writeToken(token: string, until: number): void {
  write(TOKEN, token, until);
}

/** A press that is not on its way yet, and the bundle it answers. */
export interface KeptPress {
  press: Press;
  hash: string;
}

let unsaved: KeptPress | undefined;

/** So that a closed tab does not lose it; `undefined` forgets it. */
export function keepPress(kept: KeptPress | undefined): void {
  unsaved = kept;
  try {
    if (kept) {
      localStorage.setItem(PRESS, JSON.stringify(kept));
    } else {
      localStorage.removeItem(PRESS);
    }
  } catch {
    // It then lives as long as the page.
  }
}

export function readPress(): KeptPress | undefined {
  try {
    return unsaved ?? (JSON.parse(localStorage.getItem(PRESS) ?? '') as KeptPress);
  } catch {
    return undefined;
  }
}

/** Whether an earlier page left something to deliver. */
export function isAnythingWaiting(): boolean {
  try {
    return [QUEUE, PRESS].some((key) => localStorage.getItem(key));
  } catch {
    return false;
  }
}

function write(name: string, value: string, until: number): void {
  const cookie = `${name}=${value};path=/;expires=${new Date(until).toUTCString()};samesite=lax`;
  const kept = until > Date.now() ? value : '';
  memory.delete(name);
  setCookie(`${cookie};secure`);
  if (read(name) !== kept && location.protocol === 'http:') {
    setCookie(cookie);
  }
  if (read(name) !== kept) {
    memory.set(name, kept);
  }
}

/** Two cookies of one name are nobody's: one of them was put there for another path or by a sibling host. */
function read(name: string): string {
  const pairs = cookies().filter((candidate) => candidate.startsWith(`${name}=`));
  const [pair = ''] = pairs.length === 1 ? pairs : [];
  return memory.get(name) ?? pair.slice(name.length + 1);
}

/** In a sandboxed frame even reading throws. */
export function cookies(): string[] {
  try {
    return document.cookie.split(/; */);
  } catch {
    return [];
  }
}

export function setCookie(cookie: string): void {
  try {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is neither synchronous nor everywhere.
    document.cookie = cookie;
  } catch {
    // The choice then holds for the page.
  }
}
