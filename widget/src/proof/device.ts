/** The two cookies as this tab knows them: it tells other tabs what it writes, and notices what they wrote. */
import type {Bundle} from '../config';
import {grantsAnything, type State, stateEnds} from '../decision';
import {CHANNEL, type Store, USED} from '../store';
import {cookieNames, deleteEverywhere} from './cleanup';

export interface Device {
  /** How often another tab was found to have written. */
  changes: number;
  /** Whether another tab has written since; true only once. */
  isChanged(): boolean;
  /** Comes before the state: who hears of that finds both. */
  writeToken(bundle: Bundle, token: string, until: number): void;
  /** The entry ends when its last choice ends; a visit never writes it. */
  writeState(bundle: Bundle, state: State): void;
}

export function createDevice({rawState, readToken, writeState, writeToken}: Store, onHeard: () => void): Device {
  let seen = rawState();
  let seenToken = readToken();
  const tellTabs = openChannel(onHeard);

  // What another tab writes in the very instant is news: what was written counts as seen, not what is there now.
  const device: Device = {
    changes: 0,
    isChanged() {
      const [raw, token] = [rawState(), readToken()];
      const isForeign = raw !== seen || token !== seenToken;
      [seen, seenToken] = [raw, token];
      device.changes += Number(isForeign);
      return isForeign;
    },
    writeToken(bundle, token, until) {
      writeAlone('consent_token', Number(token !== ''), () => writeToken(bundle, token, until));
      seenToken = readToken() && token;
    },
    writeState(bundle, state) {
      noteUse(grantsAnything(state.categories));
      writeAlone('consent_state', 1, () => writeState(bundle, state, stateEnds(bundle, state)));
      seen = rawState() && encodeURIComponent(JSON.stringify(state));
      tellTabs();
    },
  };
  return device;
}

/** So that what services stored is deleted even if nobody comes before the choice has ended, and its cookie with it. */
export function noteUse(isUsed: boolean): void {
  try {
    isUsed ? localStorage.setItem(USED, '1') : localStorage.removeItem(USED);
  } catch {
    // Then services can keep nothing there either.
  }
}

/** One of the same name that was kept for another domain, from before hosts shared the choice or shared it otherwise, goes. */
function writeAlone(name: string, most: number, write: () => void): void {
  write();
  if (cookieNames().filter((found) => found === name).length > most) {
    deleteEverywhere(name);
    write();
  }
}

/** Other tabs hear of a choice at once; where there is no channel they look when they are shown. @returns tells them */
function openChannel(onHeard: () => void): () => void {
  try {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = onHeard;
    return () => channel.postMessage(0);
  } catch {
    return () => {};
  }
}
