/**
 * Brings decisions into the log, and what the log answers onto the device.
 * Nothing is granted here that the log does not hold, and nothing stays granted there that this device cannot prove.
 */
import {type Choices, grantsAnything, isGrant, type State} from '../decision';
import {emit} from '../events';
import type {Face} from '../face';
import {slot} from '../slot';
import {type Answer, deliver, fetchPublished} from './api';
import {newEntry} from './entry';
import type {Holding} from './holding';
import {randomId} from './identifier';
import {createKeeper} from './keep';
import {needsAnswer} from './permission';
import {type Entry, queue} from './queue';
import {startRetries} from './retry';
import type {Grant} from './token';
import type {Verify} from './verifier';
import {uniformWish} from './wish';

export interface Delivery {
  /** Adds a decision and sends it. @returns whether it is in the log and in force; false also when a newer one replaced it */
  send(entry: Entry): Promise<boolean>;
  /** Sends what still waits from earlier pages. */
  start(): void;
}

/** @param takeBack takes back what is held against the browser's objection; whether there was anything */
export function createDelivery(base: string, holding: Holding, face: Face, verify: Verify, takeBack: () => boolean): Delivery {
  const {site} = holding.published.bundle;
  const keeper = createKeeper(base, holding);
  const {enqueue, dequeue, isWaiting, waiting} = queue;
  const retries = startRetries(queue, async (entry) => (await attempt(entry, true)) !== undefined);

  async function send(entry: Entry): Promise<boolean> {
    keeper.stop();
    enqueue(entry);
    const isInForce = await attempt(entry, false);
    if (isInForce === undefined) {
      retries.later();
    }
    return isInForce ?? false;
  }

  /** @returns undefined when the server could not be reached, otherwise whether the decision is in force */
  async function attempt(entry: Entry, isRepeated: boolean): Promise<boolean | undefined> {
    const {answer, reason} = await deliver(base, site, entry.body, keeper.credentials(entry));
    holding.learn(Date.parse(answer?.recorded_at ?? ''));
    const checked = answer ? await verify(answer.token ?? '') : '';
    if (!isWaiting(entry)) {
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
      return acknowledge(entry, answer, checked);
    }
    emit('error', {reason: reason ?? ''});
    dequeue(entry);
    refuseOnly(entry);
    isGrant(entry.body) && (await askAnew(reason));
    return false;
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

  function acknowledge(entry: Entry, answer: Answer, checked: Grant | string): boolean {
    const grants = isGrant(entry.body);
    const {id, n, categories} = entry.state;
    const isCurrent = grants || (id !== undefined && holding.state?.id === id && holding.state.n === n);
    // Another tab said no while this yes was on its way: of two answers the restrictive one holds.
    if (grants && holding.reread() && isLess(holding.state, entry.state)) {
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
    dequeue(entry);
    const ids = Object.keys(categories);
    const ends = ids.map((category) => [category, answer.categories[category]?.expires_at ?? answer.expires_at]);
    const held = ids.map((category) => [category, checked.categories.has(category)]);
    holding.hold({...entry.state, categories: Object.fromEntries(held), expires: Object.fromEntries(ends)}, checked);
    holding.settle(isProven);
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
    const {published} = holding;
    const nothing = uniformWish(published.bundle, false);
    const press = {action: 'withdraw', method: entry.body.method, isTrusted: false} as const;
    const reading = {whole: nothing, answered: nothing, kept: []};
    const withdrawal = newEntry(published, entry.state, press, reading, entry.body.language, Date.now(), waiting());
    enqueue(withdrawal);
    dequeue(entry);
    holding.deny(withdrawal.state);
    holding.settleChoice(true);
    face.settle();
    face.say(told, true);
    void attempt(withdrawal, true).then((isInForce) => isInForce === undefined && retries.later());
  }

  /** A newer choice of this visitor was in the log already. The next one made here gets a higher number than this one. */
  function replaced({state}: Entry): void {
    holding.renumber(state);
    emit('error', {reason: 'superseded'});
    needsAnswer(holding.ground()) && face.ask();
    face.say(slot('superseded'), true);
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
    face.say(newer ? slot('outdated') : slot('failed'), true);
  }

  return {send, start: retries.start};
}

/** Whether the newer state refuses something that the other one grants. */
function isLess(newer: State | undefined, {categories}: State): boolean {
  return newer !== undefined && Object.keys(categories).some((id) => categories[id] && newer.categories[id] === false);
}
