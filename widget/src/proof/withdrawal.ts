/** Takes back in the log what was granted there and does not hold on this device. */
import type {Published} from '../config';
import type {State} from '../decision';
import {newEntry} from './entry';
import {type Entry, queue} from './queue';
import {uniformWish} from './wish';

/**
 * @param entry what was granted, or what showed that something is granted
 * @param state under whose identifier, and its number
 */
export function withdrawalOf(published: Published, {body}: Entry, state: State): Entry {
  const nothing = uniformWish(published.bundle, false);
  const press = {action: 'withdraw', method: body.method, isTrusted: false} as const;
  const reading = {whole: nothing, answered: nothing, kept: []};
  return newEntry(published, state, press, reading, body.language, Date.now(), queue.waiting());
}
