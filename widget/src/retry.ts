/**
 * Delivers waiting decisions again: after a growing, random pause, when the connection returns, and at the next page.
 */
import {type Entry, waiting} from './api';

const FIRST = 1000;
const LONGEST = 3_600_000;

/** @param send resolves when one attempt has ended; an entry that failed is still waiting then */
export function startRetries(send: (entry: Entry) => Promise<unknown>): {start(): void; later(): void} {
  let attempts = 0;
  let timer = 0;
  let isBusy = false;

  async function flush(): Promise<void> {
    if (isBusy) {
      return;
    }
    isBusy = true;
    for (const entry of waiting()) {
      await send(entry);
    }
    isBusy = false;
    if (waiting().length === 0) {
      attempts = 0;
    }
  }

  function later(): void {
    clearTimeout(timer);
    const pause = Math.min(LONGEST, FIRST * 2 ** attempts++);
    timer = window.setTimeout(flush, pause * (0.75 + Math.random() / 2));
  }

  return {
    later,
    start() {
      addEventListener('online', flush);
      // A page rendered ahead of time was not visited: nothing is sent for it.
      if ((document as {prerendering?: boolean}).prerendering) {
        document.addEventListener('prerenderingchange', flush, {once: true});
      } else {
        void flush();
      }
    },
  };
}
