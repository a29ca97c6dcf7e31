/**
 * Puts the visitor's choice into every event that Segment sends, where its destinations and filters look for it.
 * Source: https://segment.com/docs/privacy/consent-management/consent-in-segment-connections/
 */
import {whenThere} from '../outside/when-there';
import type {Granted, Signal} from './signal';

interface Payload {
  obj: {context?: {consent?: object}};
}
interface Event {
  payload: Payload;
  next(payload: Payload): void;
}
interface Analytics {
  addSourceMiddleware?(middleware: (event: Event) => void): void;
}

let latest: Granted = new Set();
let isAdded = false;

const signal = whenThere(() => {
  const {analytics} = window as {analytics?: Analytics};
  return analytics?.addSourceMiddleware ? analytics : undefined;
}, add);

export default {
  start: signal.start,
  apply(granted, setting) {
    latest = granted;
    signal.apply(granted, setting);
  },
} satisfies Signal;

function add(analytics: Analytics): void {
  if (!isAdded) {
    analytics.addSourceMiddleware?.(stamp);
    isAdded = true;
  }
}

function stamp({payload, next}: Event): void {
  const categoryPreferences = Object.fromEntries(['functional', 'analytics', 'marketing'].map((id) => [id, latest.has(id)]));
  payload.obj.context = {...payload.obj.context, consent: {...payload.obj.context?.consent, categoryPreferences}};
  next(payload);
}
