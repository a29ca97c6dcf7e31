/**
 * One visitor's consent on this page: takes decisions, keeps them, has them acknowledged, and knows what may run now.
 *
 * A denial holds from the moment it is made. A grant holds only once the server has acknowledged it and the token
 * it sent checks out; until then, and after any failure, everything optional is denied.
 */
import type {Published} from './config';
import {type Action, grantsAnything, isGrant, restrict, type State} from './decision';
import {newEntry, type Press} from './entry';
import {emit} from './events';
import type {Face} from './face';
import {createHolding} from './holding';
import {mayLoad, mayRun, needsAnswer} from './permission';
import type {Proof, ProofPart} from './proof';
import {type Entry, queue} from './queue';
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

/** Milliseconds after which the second part is asked for again. */
const PAUSE = 30_000;

/**
 * @param apply tells the gate and the signals what may run
 * @param load brings the second part of the widget
 */
export function createConsent(
  base: string,
  first: Published,
  face: Face,
  apply: (granted: Set<string>) => void,
  load: () => Promise<ProofPart | undefined>,
): Consent {
  const isFramed = window.top !== window.self;
  const {waiting} = queue;
  let made: Proof | undefined;
  let timer = 0;
  const holding = createHolding(first, {
    waiting,
    apply,
    onEnd: () => void look(),
    forget: (services) => void proof().then((found) => found?.forget(services)),
  });

  async function proof(): Promise<Proof | undefined> {
    const part = await load();
    if (part) {
      made ??= part.createProof({base, holding, face, queue});
    }
    return made;
  }

  /** A grant that cannot be checked now is no grant now. */
  async function readGrant(): Promise<void> {
    if (grantsAnything(holding.state?.categories)) {
      await holding.readGrant((await proof())?.verify ?? (async () => ''));
    }
  }

  async function send(entry: Entry): Promise<boolean> {
    queue.enqueue(entry);
    const found = await proof();
    if (!found) {
      emit('error', {reason: 'unreachable'});
      face.say(isGrant(entry.body) ? 'offline_retry' : 'offline_denied', true);
      later();
    }
    // A newer decision may have replaced it meanwhile.
    return (queue.isWaiting(entry) && found?.send(entry)) ?? false;
  }

  /** Without the second part nothing can be proved or delivered: it is asked for until it is there. */
  function later(): void {
    clearTimeout(timer);
    timer = window.setTimeout(resume, PAUSE);
    addEventListener('online', resume, {once: true});
  }

  async function resume(): Promise<void> {
    const found = await proof();
    if (found) {
      await readGrant();
      holding.settle();
      found.start();
    } else {
      later();
    }
  }

  /** Time has passed, or another tab may have decided. What is taken away goes at once, what is given is checked first. */
  async function look(): Promise<void> {
    const isForeign = holding.reread();
    let lost = holding.settle();
    if (isForeign) {
      await readGrant();
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
    const entry = newEntry(holding.published, state, press, reading, face.language(), Date.now(), waiting());
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
    return send(entry);
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
    await readGrant();
    holding.settle(holding.state !== undefined);
    const isUnproven = !made && grantsAnything(holding.state?.categories);
    if (isUnproven) {
      face.settle();
    } else if (waiting().some((entry) => grantsAnything(entry.state.categories))) {
      face.settle();
      face.say('saving_status', true);
    } else if (needsAnswer(holding.ground())) {
      face.ask();
    } else {
      face.settle();
    }
    addEventListener('pageshow', (event) => event.persisted && look());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
    if (holding.state || waiting().length > 0) {
      await resume();
    }
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
    receipt: async () => (await proof())?.receipt() ?? null,
  };
}
