/**
 * One visitor's consent on this page: takes decisions, keeps them, has them acknowledged, and knows what may run now.
 *
 * A denial holds from the moment it is made. A grant holds only once the server has acknowledged it and the token
 * it sent checks out; until then, and after any failure, everything optional is denied.
 */
import {type Answer, deliver, dequeue, type Entry, enqueue, fetchPublished, fetchReceipt, isWaiting, waiting} from './api';
import type {Published} from './config';
import {grantsAnything, restrict, type State} from './decision';
import {newEntry, type Press} from './entry';
import {emit} from './events';
import {createHolding} from './holding';
import {mayLoad, mayRun, needsAnswer} from './permission';
import {startRetries} from './retry';
import type {Grant} from './token';

/** What people see; filled by the page's side of the widget. */
export interface Face {
  /** Asks for a decision. */
  ask(): void;
  /** There is a decision: the question goes, the way back stays. */
  settle(): void;
  /** Announces a text; one that stays is there until the next. */
  say(slot: string, stays?: boolean): void;
  /** Another bundle is in force. */
  republish(published: Published): void;
  language(): string;
}

export interface Consent {
  readonly state: State | undefined;
  has(category: string, service?: string): boolean;
  /** Like `has`, for marked tags. */
  allows(category: string, service?: string): boolean;
  granted(): string[];
  /** Resolves, never rejects, to whether the decision is in force as it was made. */
  decide(press: Omit<Press, 'language'>): Promise<boolean>;
  start(): Promise<void>;
  token(): string | null;
  receipt(): Promise<unknown>;
}

/** @param apply tells the gate and the signals what may run */
export function createConsent(base: string, first: Published, face: Face, apply: (granted: Set<string>) => void): Consent {
  const site = first.bundle.site;
  const isFramed = window.top !== window.self;
  const holding = createHolding(base, first, apply, () => void look());
  const retries = startRetries(send);

  /** Time has passed, or another tab may have decided. What is taken away goes at once, what is given is checked first. */
  async function look(): Promise<void> {
    const isForeign = holding.reread();
    let lost = holding.settle();
    if (isForeign) {
      await holding.readGrant();
      lost = lost.concat(holding.settle());
    }
    if (!needsAnswer(holding.ground())) {
      isForeign && face.settle();
    } else if (isForeign || lost.length > 0) {
      face.ask();
      face.say('expired_status');
    }
  }

  async function decide(press: Omit<Press, 'language'>): Promise<boolean> {
    const {action, method, wish, isTrusted} = press;
    const grants = grantsAnything(wish.categories);
    if (grants && method !== 'api' && (isFramed || !isTrusted)) {
      emit('error', {reason: isFramed ? 'framed' : 'untrusted'});
      isFramed && face.say('framed', true);
      return false;
    }
    // Another tab may have been given an identifier; a refusal here has to withdraw what was granted there.
    holding.reread();
    const {state} = holding;
    const entry = newEntry(holding.published, state, {...press, language: face.language()}, Date.now());
    if (!grants) {
      holding.deny(entry.state);
    } else if (state) {
      holding.narrow(restrict(state, wish));
    }
    emit('decided', {action, method, ...wish});
    const lost = holding.settle(!grants);
    if (lost.length > 0) {
      emit('withdrawn', {categories: lost});
    }
    face.settle();
    face.say(
      grants ? 'saving_status' : lost.length > 0 || action === 'withdraw' ? 'withdrawn_status' : 'rejected_status',
      grants,
    );
    enqueue(entry);
    return send(entry);
  }

  /** @returns whether it is in the log and in force; false also when a newer decision replaced it on the way */
  async function send(entry: Entry): Promise<boolean> {
    const grants = grantsAnything(entry.body.categories);
    const {answer, reason} = await deliver(base, site, entry);
    const checked = answer ? await holding.verify(answer.token ?? '') : '';
    if (!isWaiting(entry)) {
      return false;
    }
    if (!answer && !reason) {
      emit('error', {reason: 'unreachable'});
      face.say(grants ? 'offline_retry' : 'offline_denied', true);
      retries.later();
      return false;
    }
    dequeue(entry);
    if (answer) {
      return acknowledge(entry, answer, checked);
    }
    emit('error', {reason: reason ?? ''});
    if (grants) {
      await askAnew(reason);
    }
    return false;
  }

  function acknowledge(entry: Entry, answer: Answer, checked: Grant | string): boolean {
    const grants = grantsAnything(entry.body.categories);
    const isCurrent = grants || (entry.state.id !== undefined && holding.state?.n === entry.state.n);
    if (typeof checked !== 'string' && !answer.superseded && isCurrent) {
      const ends = Object.keys(entry.state.categories).map((id) => [id, answer.categories[id]?.expires_at ?? answer.expires_at]);
      holding.hold({...entry.state, expires: Object.fromEntries(ends)}, checked);
      holding.settle(grants);
      grants && face.say('saved_status');
      return true;
    }
    if (grants) {
      emit('error', {reason: typeof checked === 'string' ? checked : 'superseded'});
      void askAnew(undefined);
    }
    return !grants;
  }

  /** The grant did not come about; what held before still does. If the texts have changed, the new ones are shown. */
  async function askAnew(reason: string | undefined): Promise<void> {
    const newer = reason === 'bundle_outdated' ? await fetchPublished(base, site) : undefined;
    if (newer) {
      holding.publish(newer);
      face.republish(newer);
      holding.settle();
    }
    if (newer || needsAnswer(holding.ground())) {
      face.ask();
    }
    face.say(newer ? 'outdated' : 'failed', true);
  }

  async function start(): Promise<void> {
    await holding.readGrant();
    holding.settle(holding.state !== undefined);
    if (waiting().some((entry) => grantsAnything(entry.body.categories))) {
      face.settle();
      face.say('saving_status', true);
    } else if (needsAnswer(holding.ground())) {
      face.ask();
    } else {
      face.settle();
    }
    addEventListener('pageshow', (event) => event.persisted && look());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
    retries.start();
  }

  return {
    get state() {
      return holding.state;
    },
    has: (id, service) => mayRun(holding.ground(), id, service),
    allows: (id, service) => mayLoad(holding.ground(), id, service),
    granted: holding.granted,
    decide,
    start,
    token: holding.token,
    receipt: async () => (holding.state?.id ? fetchReceipt(base, site, holding.state.id) : null),
  };
}
