/**
 * What is held at this moment: the state on the device, the checked grant, the bundle in force; and the page kept in line with it.
 */
import {fetchPublished, waiting} from './api';
import type {Published} from './config';
import {grantsAnything, type State} from './decision';
import {emit} from './events';
import {firstEnd, type Ground, grantedCategories, mayRun} from './permission';
import {forgetServices, rawState, readState, readToken, writeState, writeToken} from './store';
import {checkToken, type Grant} from './token';

export interface Holding {
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
  readGrant(): Promise<void>;
  /** @returns the grant, or why there is none: `keys_unavailable` passes, anything else does not */
  verify(token: string): Promise<Grant | string>;
  /** The server's clock had reached this instant (milliseconds): a slower one of the device is put right for this page. */
  learn(instant: number): void;
  /** Brings the page in line. `isChoice`: tell the signals even if nothing changed. @returns the categories that were lost */
  settle(isChoice?: boolean): string[];
  /** The same after a choice of the visitor, whose losses are withdrawals. @returns whether there were any */
  settleChoice(isChoice: boolean): boolean;
}

/** Clocks are changed and machines sleep, so an end is looked for at least this often, in milliseconds. */
const LOOK = 60_000;
/** By how much the two clocks may differ before it is put down to the device, in milliseconds. */
const LEEWAY = 60_000;

/** @param onEnd is called when something may have ended */
export function createHolding(base: string, first: Published, apply: (granted: Set<string>) => void, onEnd: () => void): Holding {
  let published = first;
  let keys = first.keys;
  let state = readState();
  let seen = rawState();
  let grant: Grant | undefined;
  let running = new Set<string>();
  let timer = 0;
  /** How slow the device's clock is known to be, in milliseconds. Never stored: it would tell devices apart. */
  let behind = 0;

  const now = () => Date.now() + behind;
  const ground = () => ({bundle: published.bundle, state, grant, now: now()});
  const granted = () => grantedCategories(ground());

  function remember(next: State): void {
    state = next;
    writeState(published.bundle, next);
    seen = rawState();
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
      forgetServices(services.filter((service) => !isRunning(service) && !isWished(service.category)));
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

  function settleChoice(isChoice: boolean): boolean {
    const categories = settle(isChoice);
    categories.length > 0 && emit('withdrawn', {categories});
    return categories.length > 0;
  }

  /** A grant on its way to the server keeps what is already there from being deleted. */
  function isWished(category: string): boolean {
    return waiting().some((entry) => entry.state.categories[category] === true);
  }

  /** A key we do not know yet may be newer than this page: the keys are fetched once more. */
  async function verify(token: string): Promise<Grant | string> {
    const {site} = published.bundle;
    let checked = await checkToken(token, site, keys, now());
    if (checked === 'key_unknown') {
      const newer = await fetchPublished(base, site);
      if (!newer) {
        return 'keys_unavailable';
      }
      keys = newer.keys;
      checked = await checkToken(token, site, keys, now());
    }
    if (typeof checked !== 'string') {
      learn(checked.from);
    }
    return checked;
  }

  function learn(instant: number): void {
    if (instant > now() + LEEWAY) {
      behind = instant - Date.now();
    }
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
    keys = newer.keys;
  }

  function reread(): boolean {
    const isForeign = rawState() !== seen;
    if (isForeign) {
      state = readState();
      seen = rawState();
    }
    return isForeign;
  }

  async function readGrant(): Promise<void> {
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
    verify,
    learn,
    settle,
    settleChoice,
  };
}
