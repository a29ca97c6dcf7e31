/**
 * Delivers waiting decisions again: after a growing, random pause, when the connection returns, and at the next page.
 */
import type {Entry, Queue} from './queue';

const FIRST = 1000;
/** A quarter more by chance, and the time limit of a try that hangs as the outage ends: in the log a minute after it. */
const LONGEST = 30_000;

/** @param send resolves to whether the server was reached; an entry that failed is still waiting then */
export function startRetries(
  {waiting, isWaiting}: Queue,
  send: (entry: Entry) => Promise<boolean>,
): {start(): void; later(): void} {
  let rounds = 0;
  let timer = 0;
  let isBusy = false;

  /** What one entry cannot reach, the next cannot either: each would wait for its own time limit. */
  async function round(): Promise<void> {
    if (isBusy) {
      return;
    }
    isBusy = true;
    clearTimeout(timer);
    timer = 0;
    let isReached = true;
    for (const entry of waiting()) {
      isReached = !isWaiting(entry) || (await send(entry));
      if (!isReached) {
        break;
      }
    }
    isBusy = false;
    if (isReached) {
      rounds = 0;
    } else {
      later();
    }
  }

  /** Each round that reached nobody doubles the pause; a round that is planned already stays where it is. */
  function later(): void {
    timer ||= window.setTimeout(round, Math.min(LONGEST, FIRST * 2 ** rounds++) * (0.75 + Math.random() / 2));
  }

  return {
    later,
    start() {
      addEventListener('online', round);
      void round();
    },
  };
}
