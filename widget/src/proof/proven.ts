/**
 * One visitor's consent as it can be proved: takes decisions, keeps them, has them acknowledged, and knows what may run now.
 *
 * A denial holds from the moment it is made. A grant holds only once the server has acknowledged it and the token
 * it sent checks out; until then, and after any failure, everything optional is denied.
 */
import type {Published} from '../config';
import type {Consent, PageSide, Press} from '../consent';
import {grantsAnything, isGrant, objectedTo, restrict} from '../decision';
import {emit} from '../events';
import {slot} from '../slot';
import type {Store} from '../store';
import {fetchReceipt} from './api';
import {forgetServices} from './cleanup';
import {createDelivery} from './delivery';
import {newEntry} from './entry';
import {createHolding} from './holding';
import {createOnce} from './once';
import {mayLoad, mayRun, needsAnswer} from './permission';
import {policyIsNew} from './policy-notice';
import {queue} from './queue';
import {createVerifier} from './verifier';
import {readObjection, readWish, wishOf} from './wish';

/** What the first part lends. */
export interface Context {
  base: string;
  published: Published;
  store: Store;
  page: PageSide;
}

export interface Proven extends Omit<Consent, 'showOnce'> {
  /** @param press what was decided before this part was there. @returns whether that is in force */
  start(press: Press | undefined): Promise<boolean>;
  showOnce(service: string): Promise<boolean>;
}

/** Milliseconds for which an announcement can be read before the page goes. */
const READING = 1500;

export function createProven({base, published: first, store, page}: Context): Proven {
  const {face, apply, hasRun, reload} = page;
  const {waiting} = queue;
  const holding = createHolding(first, {store, waiting, apply, onEnd: () => void look(), forget: forgetServices});
  const verify = createVerifier(base, holding);
  const delivery = createDelivery(base, holding, face, verify, takeBack);
  const once = createOnce(base, holding, verify, face.language, () => apply(new Set(holding.granted())));

  /** Time has passed, or another tab may have decided. What is taken away goes at once, what is given is checked first. */
  async function look(): Promise<void> {
    const isForeign = holding.reread();
    let lost = holding.settle();
    if (isForeign) {
      await holding.readGrant(verify);
      lost = lost.concat(holding.settle(), once.heed(holding.state ?? {}));
    }
    const isLeft = leaveBehind(lost);
    if (isLeft) {
      face.say(slot('reload_status'), true);
    } else if (!needsAnswer(holding.ground())) {
      isForeign && face.settle();
    } else if (isForeign || lost.length > 0) {
      face.ask();
      face.say(slot('expired_status'));
    }
  }

  async function decide(press: Press): Promise<boolean> {
    const {action, method} = press;
    // Another tab may have been given an identifier; a refusal here has to withdraw what was granted there.
    holding.reread();
    const {state} = holding;
    const {bundle, now} = holding.ground();
    const wish = wishOf(press, bundle, has);
    const canKeep = state?.id !== undefined && waiting().length === 0;
    const isTakenBack = state && method === 'gpc' && action === 'withdraw';
    const reading = isTakenBack ? readObjection(bundle, state, now, canKeep) : readWish(bundle, state, wish, now, canKeep);
    if (!reading) {
      return false;
    }
    const entry = newEntry(holding.published, state, press, reading, face.language(), Date.now(), waiting());
    const grants = isGrant(reading.answered);
    if (!grants) {
      holding.deny(entry.state);
    } else if (state) {
      holding.narrow(restrict(state, reading.whole));
    }
    emit('decided', {action, method, ...reading.whole});
    // What the browser objects to is left off by accepting all, not refused by it.
    const lost = action === 'accept_all' ? [] : once.heed(isTakenBack ? reading.answered : wish);
    lost.push(...holding.settleChoice(!grants));
    face.settle();
    announce(press, lost.length > 0, grantsAnything(entry.state.categories));
    const sending = delivery.send(entry);
    leaveBehind(lost, sending);
    return sending;
  }

  /** `isProven`: something is granted by it, so it is not done before the server has acknowledged it. */
  function announce({action, method}: Press, isLess: boolean, isProven: boolean): void {
    if (method === 'gpc') {
      face.say(slot('gpc_honoured'), true);
    } else if (isProven) {
      face.say(slot('saving_status'), true);
    } else {
      face.say(isLess || action === 'withdraw' ? slot('withdrawn_status') : slot('rejected_status'));
    }
  }

  /** Nothing stops a script that runs, but a new page: it comes once the decision is on its way and could be read about. */
  function leaveBehind(lost: string[], sending?: Promise<boolean>): boolean {
    const isLeft = lost.some(hasRun) && holding.published.bundle.on_withdrawal !== 'continue';
    if (isLeft) {
      const wait = () => new Promise((resolve) => setTimeout(resolve, READING));
      void Promise.all([wait(), Promise.race([sending, wait().then(wait)])]).then(reload);
    }
    return isLeft;
  }

  async function start(press: Press | undefined): Promise<boolean> {
    addEventListener('pageshow', (event) => event.persisted && look());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
    delivery.start();
    return (press ? await decide(press) : await resume()) ?? false;
  }

  async function resume(): Promise<void> {
    await holding.readGrant(verify);
    holding.settle(holding.state !== undefined);
    if (takeBack()) {
      needsAnswer(holding.ground()) && face.ask();
    } else if (waiting().some((entry) => grantsAnything(entry.state.categories))) {
      face.settle();
      face.say(slot('saving_status'), true);
    } else if (needsAnswer(holding.ground())) {
      face.ask();
    } else {
      const {bundle, state} = holding.ground();
      face.settle();
      policyIsNew(bundle, state) && face.say(slot('policy_changed'), true, bundle.policy?.url);
    }
  }

  /** A grant from before the browser's objection goes at once. @returns whether there was one */
  function takeBack(): boolean {
    const {bundle, state} = holding.ground();
    const isObjected = objectedTo(bundle, state).length > 0;
    isObjected && void decide({action: 'withdraw', method: 'gpc', isTrusted: false});
    return isObjected;
  }

  const has = (id: string, service?: string) => mayRun(holding.ground(), id, service);
  return {
    get state() {
      return holding.state;
    },
    has,
    allows: (id, service) => mayLoad(holding.ground(), id, service) || once.allows(id, service),
    granted: holding.granted,
    decide,
    showOnce: once.show,
    start,
    token: holding.token,
    receipt: async () => (holding.state?.id ? fetchReceipt(base, first.bundle.site, holding.state.id) : null),
  };
}
