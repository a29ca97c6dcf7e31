/**
 * What is held at this moment: the state on the device, the checked grant, the bundle in force; and the page kept in line with it.
 */

import type {Published, Service} from '../config';
import {grantsAnything, type State} from '../decision';
import {emit} from '../events';
import {CHANNEL, type Store} from '../store';
import {type Clock, createClock} from './clock';
import {firstEnd, type Ground, grantedCategories, mayRun} from './permission';
import type {Queue} from './queue';
import type {Grant} from './token';

export interface Holding extends Clock {
  readonly state: State | undefined;
  readonly published: Published;
  ground(): Ground;
  granted(): string[];
  token(): string | null;
  /** A no, from now on; what the state still grants goes on. */
  deny(state: State): void;
  /** Less than before, until the server has acknowledged the new choice. */
  narrow(state: State): void;
  /** What the server has acknowledged. */
  hold(state: State, grant: Grant): void;
  /** Counts a decision that had no effect. */
  renumber(decided: State): void;
  publish(published: Published): void;
  /** Takes over what another tab wrote. @returns whether one did */
  reread(): boolean;
  /** Checks the token on the device; only then does the state on it grant anything. */
  readGrant(verify: (token: string) => Promise<Grant | string>): Promise<void>;
  /** Brings the page in line. `isChoice`: tell the signals even if nothing changed. @returns the categories that were lost */
  settle(isChoice?: boolean): string[];
  /** The same after a choice of the visitor, whose losses are withdrawals. */
  settleChoice(isChoice: boolean): string[];
}

/** Clocks are changed and machines sleep, so an end is looked for at least this often, in milliseconds. */
const LOOK = 60_000;

/** What the holding tells and asks. */
export interface HoldingOptions {
  /** The first part's, which alone knows what the browser would not keep. */
  store: Store;
  waiting: Queue['waiting'];
  apply(granted: Set<string>): void;
  /** Something may have ended. */
  onEnd(): void;
  /** What these keep on the device is to be deleted. */
  forget(services: Service[]): void;
}

export function createHolding(first: Published, {store, waiting, apply, onEnd, forget}: HoldingOptions): Holding {
  const {rawState, readState, readToken, writeState, writeToken} = store;
  let published = first;
  const {now, learn} = createClock();
  let state = readState();
  let seen = rawState();
  let grant: Grant | undefined;
  let running = new Set<string>();
  let timer = 0;
  const tellTabs = openChannel(onEnd);

  const ground = () => ({bundle: published.bundle, state, grant, now: now()});
  const granted = () => grantedCategories(ground());

  function remember(next: State): void {
    state = next;
    writeState(published.bundle, next);
    seen = rawState();
    tellTabs();
  }

  function settle(isChoice = false): string[] {
    const present = ground();
    const {services} = published.bundle;
    const categories = grantedCategories(present);
    const isRunning = ({category, id}: (typeof services)[number]) => mayRun(present, category, id);
    const next = new Set([...categories, ...services.filter(isRunning).map(({id}) => `/${id}`)]);
    const lost = [...running].filter((id) => !next.has(id));
    const isChanged = lost.length > 0 || next.size !== running.size;
    running = next;
    if (isChanged || isChoice) {
      apply(new Set(categories));
    }
    // Scripts that still run may store again after a withdrawal, so a refusal is also cleaned up at every visit.
    if (lost.length > 0 || (state && isChoice)) {
      forget(services.filter((service) => !isRunning(service) && !isWished(service.category)));
    }
    if (isChanged) {
      emit('changed', {granted: categories});
    }
    clearTimeout(timer);
    const end = firstEnd(present);
    if (end !== undefined) {
      timer = window.setTimeout(onEnd, Math.max(0, Math.min(LOOK, end - present.now)));
    }
    return lost.filter((id) => !id.startsWith('/'));
  }

  function settleChoice(isChoice: boolean): string[] {
    const categories = settle(isChoice);
    categories.length > 0 && emit('withdrawn', {categories});
    return categories;
  }

  /** A grant on its way to the server keeps what is already there from being deleted. */
  function isWished(category: string): boolean {
    return waiting().some((entry) => entry.state.categories[category] === true);
  }

  /** To a server that checks it offline, the old token would still name what was just taken away. */
  function deny(next: State): void {
    grant = grantsAnything(next.categories) ? grant : undefined;
    writeToken('', 0);
    remember(next);
  }

  function narrow(next: State): void {
    if (JSON.stringify(next) !== JSON.stringify(state)) {
      deny(next);
    }
  }

  function hold(next: State, checked: Grant): void {
    grant = grantsAnything(next.categories) ? checked : undefined;
    remember(next);
    writeToken(checked.token, checked.until);
  }

  function renumber({id, n}: State): void {
    if (state && state.id === id && n !== undefined) {
      remember({...state, n});
    }
  }

  function publish(newer: Published): void {
    published = newer;
  }

  function reread(): boolean {
    const isForeign = rawState() !== seen;
    if (isForeign) {
      state = readState();
      seen = rawState();
    }
    return isForeign;
  }

  async function readGrant(verify: (token: string) => Promise<Grant | string>): Promise<void> {
    const checked = state && grantsAnything(state.categories) ? await verify(readToken()) : '';
    grant = typeof checked === 'string' ? undefined : checked;
  }

  return {
    get state() {
      return state;
    },
    get published() {
      return published;
    },
    ground,
    granted,
    token: () => (granted().length > 0 ? (grant?.token ?? null) : null),
    deny,
    narrow,
    hold,
    renumber,
    publish,
    reread,
    readGrant,
    now,
    learn,
    settle,
    settleChoice,
  };
}

/** Other tabs hear of a choice at once; where there is no channel they look when they are shown. @returns tells them */
function openChannel(onHeard: () => void): () => void {
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel(CHANNEL) : undefined;
  channel?.addEventListener('message', onHeard);
  return () => channel?.postMessage(0);
}
