/**
 * The events a page can listen to: DOM events on `document`, named `consent:<name>`.
 */

export interface Events {
  ready: {granted: string[]};
  shown: {layer: 'banner' | 'preferences'};
  decided: {action: string; method: string; categories: Record<string, boolean>; services: Record<string, boolean>};
  changed: {granted: string[]};
  withdrawn: {categories: string[]};
  error: {reason: string};
}

/** Listeners are the page's: what they throw is reported by the browser and reaches nobody here. */
export function emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
  try {
    document.dispatchEvent(new CustomEvent(`consent:${name}`, {detail}));
  } catch {
    // The page has spoilt its own events; that stops nothing here.
  }
}

/** @returns a function that ends the subscription */
export function listen<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): () => void {
  const handler = (event: Event) => listener((event as CustomEvent<Events[Name]>).detail);
  document.addEventListener(`consent:${name}`, handler);
  return () => document.removeEventListener(`consent:${name}`, handler);
}
