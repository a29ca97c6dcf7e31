/**
 * One visitor's consent on this page: takes decisions, keeps them, has them acknowledged, and knows what may run now.
 *
 * A denial holds from the moment it is made. A grant holds only once the server has acknowledged it and the token
 * it sent checks out; until then, and after any failure, everything optional is denied.
 */
import {fetchReceipt, waiting} from './api';
import type {Published} from './config';
import {type Action, grantsAnything, isGrant, restrict, type State} from './decision';
import {createDelivery} from './delivery';
import {newEntry, type Press} from './entry';
import {emit} from './events';
import type {Face} from './face';
import {createHolding} from './holding';
import {mayLoad, mayRun, needsAnswer} from './permission';
import {readWish, wishOf} from './wish';

export interface Consent {
  readonly state: State | undefined;
  has(category: string, service?: string): boolean;
  /** Like `has`, for marked tags. */
  allows(category: string, service?: string): boolean;
  granted(): string[];
  /** Resolves, never rejects, to whether the decision is in force as it was made; false when it decides nothing. */
  decide(press: Press): Promise<boolean>;
  start(): Promise<void>;
  token(): string | null;
  receipt(): Promise<unknown>;
}

/** @param apply tells the gate and the signals what may run */
export function createConsent(base: string, first: Published, face: Face, apply: (granted: Set<string>) => void): Consent {
  const site = first.bundle.site;
  const isFramed = window.top !== window.self;
  const holding = createHolding(base, first, apply, () => void look());
  const delivery = createDelivery(base, site, holding, face);

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

  async function decide(press: Press): Promise<boolean> {
    const {action, method, isTrusted} = press;
    const wish = wishOf(action, press.wish, holding.published.bundle);
    if (isGrant(wish) && method !== 'api' && (isFramed || !isTrusted)) {
      emit('error', {reason: isFramed ? 'framed' : 'untrusted'});
      isFramed && face.say('framed', true);
      return false;
    }
    // Another tab may have been given an identifier; a refusal here has to withdraw what was granted there.
    holding.reread();
    const {state} = holding;
    const {bundle, now} = holding.ground();
    const reading = readWish(bundle, state, wish, now, state?.id !== undefined && waiting().length === 0);
    if (!reading) {
      return false;
    }
    const entry = newEntry(holding.published, state, press, reading, face.language(), Date.now());
    const grants = isGrant(reading.answered);
    if (!grants) {
      holding.deny(entry.state);
    } else if (state) {
      holding.narrow(restrict(state, reading.whole));
    }
    emit('decided', {action, method, ...reading.whole});
    const isLess = holding.settleChoice(!grants);
    face.settle();
    announce(action, isLess, grantsAnything(entry.state.categories));
    return delivery.send(entry);
  }

  /** `isProven`: something is granted by it, so it is not done before the server has acknowledged it. */
  function announce(action: Action, isLess: boolean, isProven: boolean): void {
    if (isProven) {
      face.say('saving_status', true);
    } else {
      face.say(isLess || action === 'withdraw' ? 'withdrawn_status' : 'rejected_status');
    }
  }

  async function start(): Promise<void> {
    await holding.readGrant();
    holding.settle(holding.state !== undefined);
    if (waiting().some((entry) => grantsAnything(entry.state.categories))) {
      face.settle();
      face.say('saving_status', true);
    } else if (needsAnswer(holding.ground())) {
      face.ask();
    } else {
      face.settle();
    }
    addEventListener('pageshow', (event) => event.persisted && look());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
    delivery.start();
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
