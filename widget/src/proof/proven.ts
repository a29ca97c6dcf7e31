/**
 * One visitor's consent as it can be proved: takes decisions, keeps them, has them acknowledged, and knows what may run now.
 *
 * A denial holds from the moment it is made. A grant holds only once the server has acknowledged it and the token
 * it sent checks out; until then, and after any failure, everything optional is denied.
 */
import type {Published} from '../config';
import type {Consent, PageSide, Press} from '../consent';
import {grantsAnything, isGrant, isYes, objectedTo, restrict} from '../decision';
import {emit} from '../events';
import {slot} from '../slot';
import type {KeptPress, Store} from '../store';
import {fetchReceipt} from './api';
import {forgetServices} from './cleanup';
import {createDelivery} from './delivery';
import {noteUse} from './device';
import {newEntry} from './entry';
import {createHolding} from './holding';
import {withLateTexts} from './late-texts';
import {catchUp} from './newer';
import {createOnce} from './once';
import {firstChoiceEnds, mayLoad, mayRun, needsAnswer} from './permission';
import {policyIsNew} from './policy-notice';
import {takePresses} from './press';
import {queue} from './queue';
import {offerRecords} from './records';
import {silence} from './silence';
import {createVerifier} from './verifier';
import {heldAlike, readObjection, readWish, wishOf} from './wish';

/** What the first part lends. */
export type Context = {base: string; published: Published; store: Store; page: PageSide};

export interface Proven extends Omit<Consent, 'showOnce'> {
  /** @param own what was pressed on this page before this part was there. @returns when all of it is decided */
  start(own: Set<KeptPress>): Promise<void>;
  showOnce(service: string): Promise<boolean>;
}

/** Milliseconds for which an announcement can be read before the page goes. */
const READING = 1500;

export function createProven({base, published: first, store, page: {face: shown, apply, hasRun, reload}}: Context): Proven {
  const face = withLateTexts(shown, base, first.bundle.site);
  const {waiting} = queue;
  const holding = createHolding(first, {store, waiting, apply, onEnd: () => void look(), forget: forgetServices});
  const verify = createVerifier(base, holding);
  const delivery = createDelivery(base, holding, face, verify, takeBack);
  /** What was found then has been seen to. */
  let looked = 0;
  const once = createOnce(base, holding, verify, face.language, () => apply(new Set(holding.granted())));

  /** Time has passed, or another tab may have decided. What is taken away goes at once, what is given is checked first. */
  async function look(): Promise<void> {
    holding.reread();
    const isForeign = looked !== holding.changes();
    looked = holding.changes();
    isForeign && delivery.heed();
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
      isForeign || face.say(slot('expired_status'));
    }
    isForeign && (await catchUp(base, holding, face));
  }

  /** @param isSettled the question went when it was pressed: what is open now was opened since */
  async function decide(press: Press, isSettled = false): Promise<boolean> {
    try {
      return await carryOut(press, isSettled);
    } catch {
      // On a page that has broken the language itself it may fail anywhere: it grants nothing, and is no error of the page's.
      emit('error', {reason: 'failed'});
      needsAnswer(holding.ground()) && face.ask();
      face.say(slot('failed'), true);
      return false;
    }
  }

  async function carryOut(press: Press, isSettled: boolean): Promise<boolean> {
    const {action, method} = press;
    // Another tab may have been given an identifier; a refusal here has to withdraw what was granted there.
    holding.reread();
    const {bundle, state, now} = holding.ground();
    const wish = wishOf(press, bundle, has);
    const canKeep = heldAlike(holding.ground(), waiting().length === 0);
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
    // Before everything that takes time: the page may end at any moment.
    const sending = delivery.send(entry);
    emit('decided', {action, method, ...reading.whole});
    // What the browser objects to is left off by accepting all, not refused by it.
    const lost = action === 'accept_all' ? [] : once.heed(isTakenBack ? reading.answered : wish);
    lost.push(...holding.settleChoice(!grants));
    isSettled || face.settle();
    announce(press, lost.length > 0, grantsAnything(entry.state.categories));
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
      silence(base);
      const wait = () => new Promise((resolve) => setTimeout(resolve, READING));
      void Promise.all([wait(), Promise.race([sending, wait().then(wait)])]).then(reload);
    }
    return isLeft;
  }

  async function start(own: Set<KeptPress>): Promise<void> {
    addEventListener('pageshow', (event) => event.persisted && look());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
    delivery.start();
    offerRecords(base, holding, face, decide);
    const taken = takePresses(own, first.hash + store.rawState(), (press) => decide(press, true));
    if (taken.size === 0) {
      await resume();
      [...own].some(({press}) => isYes(press)) && holding.granted().length === 0 && face.say(slot('superseded'), true);
    }
    for (const {decided} of taken) {
      await decided;
    }
  }

  async function resume(): Promise<void> {
    await holding.readGrant(verify);
    holding.settle(holding.state !== undefined, true);
    holding.state || noteUse(false);
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
    void catchUp(base, holding, face);
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
    ends: () => firstChoiceEnds(holding.ground()),
    decide,
    showOnce: once.show,
    start,
    token: holding.token,
    receipt: async () => (holding.state?.id ? fetchReceipt(base, first.bundle.site, holding.state.id) : null),
  };
}
