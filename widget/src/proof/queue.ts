/**
 * Decisions on their way: they wait in localStorage (in memory where that throws), so that a closed tab loses none.
 */
import {type Action, isGrant, type Method, type State} from '../decision';
import {QUEUE} from '../store';
import {json} from './json';

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

export type Queue = typeof queue;

const LIMIT = 50;
const KEPT = 30 * 864e5;

/** What the browser would not keep. */
let unsaved: Entry[] = [];

/** One queue for both parts of the widget. */
export const queue = {
  /** Waiting decisions: denials first, then in the order they were made. */
  waiting(): Entry[] {
    const rank = (entry: Entry) => Number(isGrant(entry.body));
    const found = [...keys().flatMap(read), ...unsaved].filter(({at}) => at > Date.now() - KEPT);
    return found.sort((a, b) => rank(a) - rank(b) || a.at - b.at);
  },

  /** Adds a decision. Grants that still wait are dropped: a newer decision has replaced them. */
  enqueue(entry: Entry): void {
    const denials = queue.waiting().filter((other) => !isGrant(other.body));
    unsaved = unsaved.filter((other) => denials.includes(other));
    const kept = denials.slice(0, LIMIT - 1).map(keyOf);
    for (const key of keys().filter((key) => !kept.includes(key))) {
      localStorage.removeItem(key);
    }
    queue.add(entry);
  },

  /** Adds a decision that replaces none. */
  add(entry: Entry): void {
    try {
      localStorage.setItem(QUEUE + entry.body.idempotency_key, json(entry));
    } catch {}
    // A full store throws; others take everything and keep nothing; on some pages nothing can be read back.
    queue.isWaiting(entry) || unsaved.push(entry);
  },

  dequeue(entry: Entry): void {
    unsaved = unsaved.filter((other) => keyOf(other) !== keyOf(entry));
    try {
      localStorage.removeItem(keyOf(entry));
    } catch {
      // Then it was never there.
    }
  },

  isWaiting: (entry: Entry): boolean => queue.waiting().some((other) => keyOf(entry) === keyOf(other)),
};

/** Each decision lies under a name of its own: two tabs that write at once take nothing from each other. */
function keyOf({body}: Entry): string {
  return QUEUE + body.idempotency_key;
}

function keys(): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(QUEUE));
  } catch {
    return [];
  }
}

function read(key: string): Entry[] {
  try {
    const entry = JSON.parse(localStorage.getItem(key) ?? '') as Entry | undefined;
    return entry?.body?.categories && entry.state ? [entry] : [];
  } catch {
    return [];
  }
}
