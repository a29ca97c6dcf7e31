/**
 * Decisions on their way: they wait in localStorage (in memory where that throws), so that a closed tab loses none.
 */
import {type Action, isGrant, type Method, type State} from '../decision';
import {QUEUE} from '../store';

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

let unsaved: Entry[] | undefined;

/** One queue for both parts of the widget. */
export const queue = {
  /** Waiting decisions: denials first, then in the order they were made. */
  waiting(): Entry[] {
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
  },

  /** Adds a decision. Grants that still wait are dropped: a newer decision has replaced them. */
  enqueue(entry: Entry): void {
    const denials = queue.waiting().filter((other) => !isGrant(other.body));
    keep([...denials.slice(0, LIMIT - 1), entry]);
  },

  dequeue(entry: Entry): void {
    keep(queue.waiting().filter((other) => !isSame(entry, other)));
  },

  isWaiting: (entry: Entry): boolean => queue.waiting().some((other) => isSame(entry, other)),
};

function isSame(entry: Entry, other: Entry): boolean {
  return other.body.idempotency_key === entry.body.idempotency_key;
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
