/**
 * Tells Microsoft Clarity by its consent API, version 2. Its names have a capital in the middle.
 * Source: https://learn.microsoft.com/clarity/setup-and-installation/clarity-consent-api-v2
 */
import type {Granted, Signal} from './signal';

interface Clarity {
  (...command: unknown[]): void;
  q?: unknown[];
}

export default {
  start: () => tell(new Set()),
  apply: (granted) => tell(granted),
} satisfies Signal;

function tell(granted: Granted): void {
  const page = window as {clarity?: Clarity};
  const word = (id: string) => (granted.has(id) ? 'granted' : 'denied');
  // The same queue as Clarity's own snippet makes, which keeps one that is there.
  page.clarity ??= function clarity() {
    const stub = page.clarity as Clarity;
    stub.q ??= [];
    // biome-ignore lint/complexity/noArguments: as in Clarity's snippet.
    stub.q.push(arguments);
  };
  page.clarity('consentv2', {ad_Storage: word('marketing'), analytics_Storage: word('analytics')});
}
