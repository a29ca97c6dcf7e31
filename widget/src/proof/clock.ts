/** What time it is at the server, as far as this page knows. */

export interface Clock {
  /** Milliseconds: the device's clock, put right where it is known to be slow. */
  now(): number;
  /** The server's clock had reached this instant; not a number is no news. */
  learn(instant: number): void;
}

/** By how much the two clocks may differ before it is put down to the device, in milliseconds. */
const LEEWAY = 60_000;

export function createClock(): Clock {
  /** How slow the device's clock is, in milliseconds. Never stored: it would tell devices apart. */
  let behind = 0;
  const now = () => Date.now() + behind;
  return {
    now,
    learn(instant) {
      if (instant > now() + LEEWAY) {
        behind = instant - Date.now();
      }
    },
  };
}
