/**
 * Brings decisions into the log, and what the log answers onto the device.
 * Nothing is granted here that the log does not hold, and nothing stays granted there that this device cannot prove.
 */
import {type Choices, grantsAnything, isGrant, isLess, type State} from '../decision';
import {emit} from '../events';
import type {Face} from '../face';
import {slot} from '../slot';
import {type Answer, deliver} from './api';
import type {Holding} from './holding';
import {randomId} from './identifier';
import {createKeeper} from './keep';
import {takeNewer} from './newer';
import {needsAnswer} from './permission';
import {type Entry, queue} from './queue';
import {startRetries} from './retry';
import type {Grant} from './token';
import type {Verify} from './verifier';
import {withdrawalOf} from './withdrawal';

export interface Delivery {
  /** Adds a decision and sends it. @returns whether it is in the log and in force; false also when a newer one replaced it */
  send(entry: Entry): Promise<boolean>;
  /** Sends what still waits from earlier pages. */
  start(): void;
  /** Another tab decided: what is on its way may no longer be kept. */
  heed(): void;
}

/** @param takeBack takes back what is held against the browser's objection; whether there was anything */
export function createDelivery(base: string, holding: Holding, face: Face, verify: Verify, takeBack: () => boolean): Delivery {
  const {site} = holding.published.bundle;
  const keeper = createKeeper(base, holding);
  const {add, enqueue, dequeue, isWaiting, waiting} = queue;
  /** Key of a decision made here → how much other tabs had written by then. */
  const made = new Map<string, number>();
  /** The grant that came onto the device from here, as it was written. */
  let brought: {entry: Entry; state: State; grant: Grant} | undefined;
  const retries = startRetries(queue, async (entry) => (await attempt(entry, true)) !== undefined);

  async function send(entry: Entry): Promise<boolean> {
    keeper.stop();
    made.set(entry.body.idempotency_key, holding.changes());
    enqueue(entry);
    const isInForce = await attempt(entry, false);
    isInForce === undefined && retries.later();
    return isInForce ?? false;
  }

  /** @returns undefined when the server could not be reached, otherwise whether the decision is in force */
  async function attempt(entry: Entry, isRepeated: boolean): Promise<boolean | undefined> {
    const before = made.get(entry.body.idempotency_key) ?? holding.changes();
    const {answer, reason} = await deliver(base, site, entry.body, keeper.credentials(entry), undefined, !isRepeated);
    holding.learn(Date.parse(answer?.recorded_at ?? ''));
    const checked = answer ? await verify(answer.token ?? '') : '';
    holding.reread();
    const isForeign = holding.changes() !== before;
    if (!isWaiting(entry)) {
      // Who replaced it in another tab at the same instant may not have known its identifier, nor be done yet.
      answer && isGrant(entry.body) && forsake(entry, entry.state);
      return false;
    }
    const isProven = grantsAnything(entry.state.categories);
    if ((!answer && !reason) || (isProven && checked === 'keys_unavailable')) {
      emit('error', {reason: 'unreachable'});
      if (entry.body.method !== 'gpc' && (isProven || !isRepeated)) {
        face.say(isGrant(entry.body) ? slot('offline_retry') : slot('offline_denied'), true);
      }
      return undefined;
    }
    if (answer) {
      return acknowledge(entry, answer, checked, isForeign);
    }
    dequeue(entry);
    // Nothing is left there to take back: that is what was wanted.
    const isDone = reason === 'consent_erased' && !isGrant(entry.body);
    isDone || emit('error', {reason: reason ?? ''});
    refuseOnly(entry);
    isGrant(entry.body) && (await askAnew(reason));
    return isDone;
  }

  /**
   * What the server refuses takes no noes with it: they are sent alone, as a withdrawal, which is taken on every published
   * text and needs no earlier choice. Who never granted has nothing in the log to take back.
   */
  function refuseOnly({at, body, state}: Entry): void {
    holding.renumber(state);
    const noes = (choices: Choices) => Object.fromEntries(Object.entries(choices).filter(([, granted]) => !granted));
    const [categories, services] = [noes(body.categories), noes(body.services)];
    const present = holding.state;
    const isAny = Object.keys({...categories, ...services}).length > 0;
    if (isAny && present?.id && present.id === body.consent_id && body.action !== 'withdraw') {
      const left = {...body, action: 'withdraw' as const, categories, services, idempotency_key: randomId()};
      void send({at, body: left, state: present});
    }
  }

  /** @param isForeign another tab decided since */
  function acknowledge(entry: Entry, answer: Answer, checked: Grant | string, isForeign: boolean): boolean {
    const grants = isGrant(entry.body);
    const {id, n, categories} = entry.state;
    const isCurrent = grants || (id !== undefined && holding.state?.id === id && holding.state.n === n);
    // Another tab said no while this yes was on its way: of two answers the restrictive one holds.
    if (grants && isForeign && isLess(holding.state, entry.state)) {
      disown(entry, slot('superseded'));
      return false;
    }
    if (answer.superseded || !isCurrent) {
      dequeue(entry);
      grants && replaced(entry);
      return !grants;
    }
    const isProven = grantsAnything(categories);
    if (typeof checked === 'string' || [...checked.categories].some((category) => categories[category] === false)) {
      if (isProven) {
        emit('error', {reason: typeof checked === 'string' ? checked : 'token_invalid'});
        disown(entry);
      } else {
        dequeue(entry);
      }
      return !grants;
    }
    const ids = Object.keys(categories);
    const expires = Object.fromEntries(ids.map((name) => [name, answer.categories[name]?.expires_at ?? answer.expires_at]));
    const held = Object.fromEntries(ids.map((name) => [name, checked.categories.has(name)]));
    // Two tabs said yes, each under an identifier of its own: the device keeps one, so the log may keep no more.
    holding.state && forsake(entry, holding.state, id);
    const state = {...entry.state, day: answer.recorded_at?.slice(0, 10) ?? entry.state.day, categories: held, expires};
    holding.hold(state, checked);
    // Only now: on a page that ends in between, it is sent once more, and answered as before.
    dequeue(entry);
    holding.settle(isProven);
    brought = {entry, state, grant: checked};
    if (takeBack()) {
      return false;
    }
    keeper.keep(entry);
    // Who pressed nothing is told nothing new.
    entry.body.method !== 'gpc' && isProven && !needsAnswer(holding.ground()) && face.say(slot('saved_status'));
    return true;
  }

  /**
   * The log holds a grant that cannot hold here. It is taken back there, under its own identifier and the next number:
   * forgetting it would leave it live for ever, and another attempt would add a second one that nothing here can withdraw.
   */
  function disown(entry: Entry, told = slot('unproven')): void {
    const withdrawal = withdrawalOf(holding.published, entry, entry.state);
    enqueue(withdrawal);
    dequeue(entry);
    holding.state && forsake(entry, holding.state, entry.state.id);
    holding.deny(withdrawal.state);
    holding.settleChoice(true);
    face.settle();
    face.say(told, true);
    void deliverLater(withdrawal);
  }

  /** Takes back in the log what is granted there under an identifier that this device does not keep. */
  function forsake(entry: Entry, state: State, kept = holding.state?.id): void {
    if (state.id && state.id !== kept && !waiting().some(({body}) => body.consent_id === state.id)) {
      const withdrawal = withdrawalOf(holding.published, entry, state);
      add(withdrawal);
      void deliverLater(withdrawal);
    }
  }

  const deliverLater = async (entry: Entry) => (await attempt(entry, true)) ?? retries.later();

  /** A newer choice of this visitor was in the log already. The next one made here gets a higher number. */
  function replaced({state}: Entry): void {
    holding.renumber(state);
    emit('error', {reason: 'superseded'});
    needsAnswer(holding.ground()) && face.ask();
    face.say(slot('superseded'), true);
  }

  /** The grant did not come about; what held before still does. If the texts have changed, the new ones are shown. */
  async function askAnew(reason: string | undefined): Promise<void> {
    const isNewer = reason === 'bundle_outdated' && (await takeNewer(base, holding, face));
    (isNewer || needsAnswer(holding.ground())) && face.ask();
    face.say(isNewer ? slot('outdated') : slot('failed'), true);
  }

  /** Two tabs wrote at once: neither saw what the other brought, and the device keeps the last state, with its token. */
  function heed(): void {
    keeper.stop();
    const {state} = holding;
    if (brought && state?.id === brought.state.id) {
      holding.holdAgain(brought.state, brought.grant);
      return;
    }
    // A no that names nobody was said before this yes was seen, or erased it; then the server has nothing to take back.
    brought && state && (!state.id || grantsAnything(state.categories)) && forsake(brought.entry, brought.state);
    brought = undefined;
  }

  return {send, start: retries.start, heed};
}
