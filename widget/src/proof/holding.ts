/**
 * What is held at this moment: the state on the device, the checked grant, the bundle in force; and the page kept in line with it.
 */

import type {Published, Service} from '../config';
import {afterBoth, grantsAnything, type State} from '../decision';
import {emit} from '../events';
import type {Store} from '../store';
import {type Clock, createClock} from './clock';
import {createDevice} from './device';
import {fitting} from './fitting';
import {json} from './json';
import {ownState} from './own-state';
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
  /** The same, where another tab's token came between the two writes. */
  holdAgain(state: State, grant: Grant): void;
  /** Nothing is known any more; whoever calls this decides next. */
  forget(): void;
  /** Counts a decision that had no effect. */
  renumber(decided: State): void;
  publish(published: Published): void;
  /** How often another tab was found to have written. */
  changes(): number;
  /** Takes over what another tab wrote. */
  reread(): void;
  /** Checks the token on the device; only then does the state on it grant anything. */
  readGrant(verify: (token: string) => Promise<Grant | string>): Promise<void>;
  /**
   * Brings the page in line. `isChoice`: tell the signals even if nothing changed; `isStart`: delete what an earlier page left.
   * @returns the categories that were lost
   */
  settle(isChoice?: boolean, isStart?: boolean): string[];
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
  const device = createDevice(store, onEnd);
  let published = first;
  const clock = createClock();
  let state = ownState(store.readState());
  let grant: Grant | undefined;
  let running = new Set<string>();
  let timer = 0;

  const ground = () => ({bundle: published.bundle, state, grant, now: clock.now()});
  const granted = () => grantedCategories(ground());

  function remember(next: State): void {
    state = next;
    device.writeState(published.bundle, fitting(published.bundle, next));
  }

  function settle(isChoice = false, isStart = false): string[] {
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
    if (lost.length > 0 || isStart || (state && isChoice)) {
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
    device.writeToken(published.bundle, '', 0);
    remember(next);
  }

  function narrow(next: State): void {
    if (json(next) !== json(state)) {
      deny(next);
    }
  }

  function hold(next: State, checked: Grant): void {
    grant = grantsAnything(next.categories) ? checked : undefined;
    device.writeToken(published.bundle, checked.token, checked.until);
    remember(next);
  }

  function holdAgain(written: State, checked: Grant): void {
    // Where there is none, somebody is saying no.
    const found = store.readToken();
    found && found !== checked.token && json(state) === json(written) && hold(written, checked);
  }

  function forgetAll(): void {
    state = grant = undefined;
    device.writeToken(published.bundle, '', 0);
  }

  function renumber({id, n}: State): void {
    if (state && state.id === id && n !== undefined) {
      remember({...state, n});
    }
  }

  function reread(): void {
    if (!device.isChanged()) {
      return;
    }
    const [own, found] = [state, ownState(store.readState())];
    state = found;
    const settled = own && found && afterBoth(own, found);
    settled && deny(settled);
  }

  async function readGrant(verify: (token: string) => Promise<Grant | string>): Promise<void> {
    const checked = state && grantsAnything(state.categories) ? await verify(store.readToken()) : '';
    grant = typeof checked === 'string' ? undefined : checked;
  }

  return {
    get state() {
      return state;
    },
    get published() {
      return published;
    },
    changes: () => device.changes,
    ground,
    granted,
    token: () => (granted().length > 0 ? (grant?.token ?? null) : null),
    deny,
    narrow,
    hold,
    holdAgain,
    forget: forgetAll,
    renumber,
    publish: (newer) => {
      published = newer;
    },
    reread,
    readGrant,
    ...clock,
    settle,
    settleChoice,
  };
}
