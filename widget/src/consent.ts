/**
 * One visitor's consent as the first part of the widget knows it: it can ask and deny. Only the second part can grant, so
 * until that is there, and after any failure, everything optional is denied.
 */
import type {Published} from './config';
import {type Action, type Choices, isYes, type Method, optionalCategories, type State, utcDay, type Wish} from './decision';
import {emit} from './events';
import type {Face} from './face';
import {painted} from './painted';
import {PAUSE} from './part';
import type {ProofPart, Proven} from './proof';
import {slot} from './slot';
import {
  CHANNEL,
  isAnythingWaiting,
  type KeptPress,
  keepPress,
  rawState,
  readState,
  readToken,
  type Store,
  writeState,
  writeToken,
} from './store';

/** What somebody did. */
export interface Press {
  action: Action;
  method: Method;
  /** Only for `save`: what was named, complete or not. */
  wish?: Partial<Wish>;
  /** The browser saw a person do it. */
  isTrusted: boolean;
}

export interface Consent {
  readonly state: State | undefined;
  has(category: string, service?: string): boolean;
  /** Like `has`, for marked tags. */
  allows(category: string, service?: string): boolean;
  granted(): string[];
  /** When the first of the choices ends, in milliseconds since 1970; 0 before there is one. */
  ends(): number;
  /** Resolves, never rejects, to whether the decision is in force as it was made; false when it decides nothing. */
  decide(press: Press): Promise<boolean>;
  /** Allows one service for this page view alone. @returns whether it may run now */
  showOnce(service: string, isTrusted: boolean): Promise<boolean>;
  token(): string | null;
  receipt(): Promise<unknown>;
}

/** The page's side of a consent. */
export interface PageSide {
  face: Face;
  /** Tells the gate and the signals what may run. */
  apply(granted: Set<string>): void;
  /** Whether scripts of the category ran on this page; nothing stops them but a new page. */
  hasRun(category: string): boolean;
  reload(): void;
}

/** @param load brings the second part of the widget */
export function createConsent(
  base: string,
  published: Published,
  page: PageSide,
  load: () => Promise<ProofPart | undefined>,
): Consent & {start(): Promise<void>} {
  const {bundle, hash} = published;
  const {face} = page;
  const store: Store = {rawState, readState, readToken, writeState, writeToken};
  let proven: Proven | undefined;
  let started: Promise<void> | undefined;
  /** What was pressed before the second part was there, oldest first. */
  const kept = new Set<KeptPress>();
  let timer = 0;

  /** Whether what was pressed has been seen to; not while nothing can be proved or delivered. */
  async function prove(): Promise<boolean> {
    const part = await load();
    if (!part) {
      clearTimeout(timer);
      timer = window.setTimeout(prove, PAUSE);
      addEventListener('online', prove, {once: true});
      return false;
    }
    if (!proven) {
      proven = part.createProven({base, published, store, page});
      started = proven.start(kept);
    }
    await started;
    return true;
  }

  async function decide(press: Press): Promise<boolean> {
    const {action, method, isTrusted, wish} = press;
    const isFramed = top !== window;
    if (isYes(press) && (isFramed || (method !== 'api' && !isTrusted))) {
      emit('error', {reason: isFramed ? 'framed' : 'untrusted'});
      isFramed && face.say(slot('framed'), true);
      return false;
    }
    if (proven) {
      return proven.decide(press);
    }
    const names = (choices: Choices | undefined, parts: {id: string}[]) =>
      parts.some(({id}) => typeof choices?.[id] === 'boolean');
    if (action === 'save' && !names(wish?.categories, optionalCategories(bundle)) && !names(wish?.services, bundle.services)) {
      return false;
    }
    if (!isYes(press)) {
      deny(press);
    }
    const own: KeptPress = {press, answers: hash + rawState(), at: Date.now()};
    kept.add(own);
    keepPress(own);
    const isSignal = method === 'gpc';
    const no = action === 'withdraw' ? slot('withdrawn_status') : slot('rejected_status');
    face.say(isYes(press) ? slot('saving_status') : isSignal ? slot('gpc_honoured') : no, isSignal || isYes(press));
    face.settle();
    // It is kept: what follows can wait until its answer is seen.
    await painted();
    if (!(await prove())) {
      emit('error', {reason: 'unreachable'});
      isSignal || face.say(isYes(press) ? slot('offline_retry') : slot('offline_denied'), true);
    }
    return own.decided ?? false;
  }

  /** A no holds from now on, whatever becomes of its delivery. */
  function deny({action, wish}: Press): void {
    const state = readState();
    const fresh = {v: 1 as const, bundle: hash, revision: bundle.revision, day: utcDay(Date.now()), services: {}};
    const stays = (id: string) => action === 'save' && state?.categories[id] === true && wish?.categories?.[id] !== false;
    const categories = Object.fromEntries(optionalCategories(bundle).map(({id}) => [id, stays(id)]));
    // A little longer than any refusal may last: the second part knows the day, and puts it right.
    const months = Number(bundle.reprompt_after.slice(1, -1));
    writeState(bundle, {...fresh, ...state, categories}, Date.now() + months * 31 * 864e5);
    writeToken(bundle, '', 0);
  }

  /** Another tab may have decided; once the second part is there, it sees to that itself. */
  function heed(): void {
    if (!proven && rawState()) {
      face.settle();
      void prove();
    }
  }

  async function start(): Promise<void> {
    document.addEventListener('visibilitychange', heed);
    const optional = optionalCategories(bundle);
    const isKnown = readState() || isAnythingWaiting();
    // Who was here before is asked again by the second part, which knows what of the choice still holds.
    if (!isKnown && optional.some(({gpc}) => !gpc)) {
      face.ask();
    } else {
      face.settle();
    }
    try {
      new BroadcastChannel(CHANNEL).onmessage = heed;
    } catch {
      // There is none, or, with cookies refused, it may not be used: then tabs look when they are shown.
    }
    if (isKnown) {
      await prove();
    } else if (optional[0] && optional.every(({gpc}) => gpc)) {
      // The browser has answered everything there is to ask.
      await decide({action: 'reject_all', method: 'gpc', isTrusted: false});
    }
  }

  const isRequired = (id: string) => bundle.categories.some((category) => category.id === id && category.required);
  return {
    get state() {
      return proven ? proven.state : readState();
    },
    has: (id, service) => (proven ? proven.has(id, service) : isRequired(id)),
    allows: (id, service) => (proven ? proven.allows(id, service) : isRequired(id)),
    granted: () => proven?.granted() ?? [],
    ends: () => proven?.ends() ?? 0,
    decide,
    async showOnce(service, isTrusted) {
      await prove();
      return (isTrusted && top === window && proven?.showOnce(service)) || false;
    },
    start,
    token: () => proven?.token() ?? null,
    async receipt() {
      await prove();
      return proven?.receipt() ?? null;
    },
  };
}
