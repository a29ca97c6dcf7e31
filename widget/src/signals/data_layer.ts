/**
 * An event for tag managers, one for each choice, and one on every page of a visitor who has chosen.
 * Google's tag manager merges what it is given, objects and lists alike, so a no is always said in full.
 * Source: https://developers.google.com/tag-platform/tag-manager/datalayer
 */
import {queue} from '../outside/queue';
import type {Signal} from './signal';

export default {
  start() {},
  /** @param ids every category that is asked for; the server puts them in place of `on` */
  apply(granted, ids) {
    const consent = Object.fromEntries((ids as string[]).map((id) => [id, granted.has(id)]));
    queue('dataLayer').push({event: 'consent_update', consent});
  },
} satisfies Signal;
