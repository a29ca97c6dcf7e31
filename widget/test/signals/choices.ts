/** The sixteen choices between four categories, and what the tests of signals share. */
import {signalsOf} from '../../src/signals';
import type {Signal} from '../../src/signals/signal';

const IDS = ['functional', 'analytics', 'marketing', 'video'];

/** Each as the ids that it grants. */
export const CHOICES: string[][] = Array.from({length: 16}, (_, number) => IDS.filter((_, bit) => (number >> bit) & 1));

/** The page as the parties see it. */
export const page = window as unknown as Record<string, unknown>;

/** A signal as the widget runs it. */
export function running(
  signal: Signal,
  setting: unknown = 'on',
): {start(isPending?: boolean): void; choose(...ids: string[]): void} {
  const signals = signalsOf({it: setting}, {it: signal});
  return {
    start: (isPending = false) => signals.start(isPending),
    choose: (...ids) => signals.apply(new Set(ids)),
  };
}

/** What a party was called with: a function to put on the page, and its calls. */
export function recorder(): {calls: unknown[][]; call(...args: unknown[]): void} {
  const calls: unknown[][] = [];
  return {calls, call: (...args) => void calls.push(args)};
}

/** A script of the page has loaded. */
export function scriptLoads(): void {
  const script = document.createElement('script');
  document.head.append(script);
  script.dispatchEvent(new Event('load'));
  script.remove();
}
