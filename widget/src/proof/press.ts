/** What was pressed before this part was there, by whichever page is the first to take it. */
import type {Press} from '../consent';
import {isYes} from '../decision';
import {type KeptPress, PRESS} from '../store';

/** How long a yes that nobody could take stays one, in milliseconds: after that the visitor is asked again. */
const LIFE = 864e5;

/**
 * Takes and decides presses, oldest first: a page its own, one without any those that no page could take. A yes to other texts,
 * from before a later decision, or of another day is none: the visitor has not said it to what holds now. A no is always one.
 *
 * Arrays are not trusted with them: a page may have taught all arrays to keep what does not belong there.
 *
 * @param own another page may have taken them, while this one was put away in the browser's memory
 * @param answers what a press made now would answer
 */
export function takePresses(own: Set<KeptPress>, answers: string, decide: (press: Press) => Promise<boolean>): Set<KeptPress> {
  const taken = new Set<KeptPress>();
  const now = Date.now();
  function take(kept: KeptPress | undefined): void {
    const isTheirs = () => kept?.answers === answers && kept.at <= now && now < kept.at + LIFE;
    if (kept?.press && (!isYes(kept.press) || isTheirs())) {
      taken.add(kept);
    }
  }
  for (const kept of own) {
    (!kept.name || remove(kept.name)) && take(kept);
  }
  for (const name of own.size ? [] : names()) {
    take(read(remove(name)));
  }
  for (const kept of taken) {
    kept.decided = decide(kept.press);
  }
  return taken;
}

/** The time is in the name: they are in order. */
function names(): string[] {
  try {
    return Object.keys(localStorage).sort();
  } catch {
    return [];
  }
}

/** @returns what was kept under a name of ours; null when another page took it, or the browser no longer gives it */
function remove(name: string): string | null {
  try {
    const text = name.startsWith(PRESS) ? localStorage.getItem(name) : null;
    text && localStorage.removeItem(name);
    return text;
  } catch {
    return null;
  }
}

/** @returns nothing for what nobody here wrote */
function read(text: string | null): KeptPress | undefined {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
