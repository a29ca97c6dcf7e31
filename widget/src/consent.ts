/**
 * One visitor's consent on this page: takes decisions, keeps them, has them acknowledged, and knows what may run now.
 *
 * A denial holds from the moment it is made. A grant holds only once the server has acknowledged it and the token
 * it sent checks out; until then, and after any failure, everything optional is denied.
 */
import {type Answer, deliver, dequeue, type Entry, enqueue, fetchPublished, fetchReceipt, isWaiting, waiting} from './api';
import type {Published} from './config';
import {
  type Action,
  addPeriod,
  choiceEnds,
  grantsAnything,
  type Method,
  mustAsk,
  nextNumber,
  optionalCategories,
  restrict,
  type State,
  standing,
  utcDay,
  type Wish,
} from './decision';
import {emit} from './events';
import {startRetries} from './retry';
import {forgetServices, rawState, readState, readToken, writeState, writeToken} from './store';
import {checkToken, type Grant, randomId} from './token';

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
  /** Like `has`, for marked tags: one without a service waits until no service of its category is refused. */
  allows(category: string, service?: string): boolean;
  granted(): string[];
  /** Resolves, never rejects, to whether the decision is in force as it was made. */
  decide(action: Action, method: Method, wish: Wish, isTrusted: boolean): Promise<boolean>;
  start(): Promise<void>;
  token(): string | null;
  receipt(): Promise<unknown>;
}

/** @param apply tells the gate and the signals what may run */
export function createConsent(base: string, first: Published, face: Face, apply: (granted: Set<string>) => void): Consent {
  let published = first;
  let keys = first.keys;
  let state = readState();
  let seen = rawState();
  let grant: Grant | undefined;
  let active = new Set<string>();
  let timer = 0;
  const site = first.bundle.site;
  const isFramed = window.top !== window.self;
  const retries = startRetries(send);

  const now = () => Date.now();
  const where = (id: string) => standing(published.bundle, state, id, now());
  const granted = () =>
    optionalCategories(published.bundle)
      .map(({id}) => id)
      .filter((id) => has(id));

  function has(id: string, serviceId?: string): boolean {
    const found = where(id);
    if (found === 'required') {
      return true;
    }
    const service = published.bundle.services.find((candidate) => candidate.id === serviceId);
    return (
      found === 'granted' &&
      grant !== undefined &&
      now() < grant.until &&
      grant.categories.has(id) &&
      (serviceId === undefined || (service?.category === id && state?.services[serviceId] !== false))
    );
  }

  function allows(id: string, serviceId?: string): boolean {
    const isSplit = published.bundle.services.some((service) => service.category === id && state?.services[service.id] === false);
    return has(id, serviceId) && (serviceId !== undefined || !isSplit);
  }

  function remember(next: State): void {
    state = next;
    writeState(published.bundle, next);
    seen = rawState();
  }

  /** Brings the page in line with what holds now. @returns what was lost */
  function settle(isChoice = false): string[] {
    const ids = granted();
    const refused = published.bundle.services.filter(({category, id}) => !has(category, id));
    const next = new Set([
      ...ids,
      ...published.bundle.services.filter(({category, id}) => has(category, id)).map(({id}) => `/${id}`),
    ]);
    const isChanged = next.size !== active.size || [...next].some((id) => !active.has(id));
    const lost = [...active].filter((id) => !next.has(id));
    active = next;
    if (isChanged || isChoice) {
      apply(new Set(ids));
    }
    if (lost.length > 0 || (state && !waiting().length)) {
      forgetServices(refused);
    }
    if (isChanged) {
      emit('changed', {granted: ids});
    }
    watchEnd();
    return lost.filter((id) => !id.startsWith('/'));
  }

  /** Looks again when the first of the choices ends, and at least every minute, because clocks are changed. */
  function watchEnd(): void {
    clearTimeout(timer);
    const current = state;
    if (current && grant && active.size > 0) {
      const ends = [grant.until, ...granted().map((id) => choiceEnds(published.bundle, current, id))];
      timer = window.setTimeout(look, Math.max(0, Math.min(60_000, Math.min(...ends) - now())));
    }
  }

  const needsAnswer = () =>
    mustAsk(published.bundle, state, now()).length > 0 ||
    optionalCategories(published.bundle).some(({id}) => where(id) === 'granted' && !has(id));

  /** Time has passed, or another tab may have decided. What is taken away goes at once, what is given is checked first. */
  async function look(): Promise<void> {
    const isForeign = rawState() !== seen;
    if (isForeign) {
      state = readState();
      seen = rawState();
    }
    let lost = settle();
    if (isForeign) {
      await readGrant();
      lost = settle();
    }
    if (!needsAnswer()) {
      isForeign && face.settle();
    } else if (isForeign || lost.length > 0) {
      face.ask();
      face.say('expired_status');
    }
  }

  async function readGrant(): Promise<void> {
    if (state && grantsAnything(state.categories)) {
      const checked = await verify(readToken());
      grant = typeof checked === 'string' ? undefined : checked;
    }
  }

  /** A key we do not know yet may be newer than this page: the keys are fetched once more. */
  async function verify(token: string): Promise<Grant | string> {
    const checked = await checkToken(token, site, keys, now());
    if (checked !== 'key_unknown') {
      return checked;
    }
    keys = (await fetchPublished(base, site))?.keys ?? keys;
    return checkToken(token, site, keys, now());
  }

  async function decide(action: Action, method: Method, wish: Wish, isTrusted: boolean): Promise<boolean> {
    const grants = grantsAnything(wish.categories);
    if (grants && method !== 'api' && (isFramed || !isTrusted)) {
      emit('error', {reason: isFramed ? 'framed' : 'untrusted'});
      isFramed && face.say('framed', true);
      return false;
    }
    const entry = newEntry(grants, action, method, wish, isTrusted);
    if (!grants) {
      grant = undefined;
      writeToken('', 0);
      remember(entry.state);
    } else if (state && JSON.stringify(restrict(state, wish)) !== JSON.stringify(state)) {
      // The old token would still name what was just taken away, to a server that checks it offline.
      writeToken('', 0);
      remember(restrict(state, wish));
    }
    emit('decided', {action, method, ...wish});
    const lost = settle(!grants);
    if (lost.length > 0) {
      emit('withdrawn', {categories: lost});
    }
    face.settle();
    face.say(
      grants ? 'saving_status' : lost.length > 0 || action === 'withdraw' ? 'withdrawn_status' : 'rejected_status',
      grants,
    );
    enqueue(entry);
    return (await send(entry)) && (grants ? Object.keys(wish.categories).every((id) => has(id) === wish.categories[id]) : true);
  }

  /** A refusal by someone who never granted gets no identifier; a grant that may have arrived counts as granted. */
  function newEntry(grants: boolean, action: Action, method: Method, wish: Wish, trusted: boolean): Entry {
    const earlier = waiting().map((entry) => entry.body);
    const known = state?.id ?? earlier.find((body) => body.consent_id)?.consent_id;
    const id = known ?? (grants ? randomId() : undefined);
    const n = nextNumber(state?.n, ...earlier.map((body) => body.n));
    const {hash, build, bundle} = published;
    const next: State = {v: 1, bundle: hash, revision: bundle.revision, day: utcDay(now()), ...wish};
    if (id) {
      const end = new Date(addPeriod(now(), bundle.reprompt_after)).toISOString();
      next.expires = Object.fromEntries(Object.keys(wish.categories).map((category) => [category, end]));
      Object.assign(next, {id, n});
    }
    return {
      at: now(),
      state: next,
      body: {
        idempotency_key: randomId(),
        action: action === 'withdraw' && !id ? 'reject_all' : action,
        method,
        ...wish,
        ...(id ? {consent_id: id, n} : {}),
        bundle: hash,
        build,
        language: face.language(),
        gpc: (navigator as {globalPrivacyControl?: boolean}).globalPrivacyControl === true,
        trusted,
      },
    };
  }

  /** @returns whether the server has it; false also when a newer decision replaced it on the way */
  async function send(entry: Entry): Promise<boolean> {
    const grants = grantsAnything(entry.body.categories);
    const {answer, reason} = await deliver(base, site, entry);
    const checked = answer ? await verify(answer.token ?? '') : '';
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
    const isCurrent = grants || (entry.state.id !== undefined && state?.n === entry.state.n);
    if (typeof checked === 'string' || answer.superseded || !isCurrent) {
      if (grants) {
        emit('error', {reason: answer.superseded ? 'superseded' : String(checked)});
        face.say('failed');
        face.ask();
      }
      return !grants;
    }
    const ends = Object.keys(entry.state.categories).map((id) => [id, answer.categories[id]?.expires_at ?? answer.expires_at]);
    grant = grants ? checked : undefined;
    remember({...entry.state, expires: Object.fromEntries(ends)});
    writeToken(checked.token, checked.until);
    settle(grants);
    if (grants) {
      face.say('saved_status');
    }
    return true;
  }

  /** The server did not take the grant. When that is because the texts have changed, the new ones are shown. */
  async function askAnew(reason: string | undefined): Promise<void> {
    const newer = reason === 'bundle_outdated' ? await fetchPublished(base, site) : undefined;
    if (newer) {
      published = newer;
      keys = newer.keys;
      face.republish(newer);
      settle();
    }
    face.ask();
    face.say(newer ? 'outdated' : 'failed', true);
  }

  async function start(): Promise<void> {
    await readGrant();
    settle(state !== undefined);
    if (waiting().some((entry) => grantsAnything(entry.body.categories))) {
      face.settle();
      face.say('saving_status', true);
    } else if (needsAnswer()) {
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
      return state;
    },
    has,
    allows,
    granted,
    decide,
    start,
    token: () => (granted().length > 0 ? (grant?.token ?? null) : null),
    receipt: async () => (state?.id ? fetchReceipt(base, site, state.id) : null),
  };
}
