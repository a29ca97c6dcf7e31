import {beforeEach, expect, test, vi} from 'vitest';
import {type Entry, queue} from '../../src/proof/queue';
import {startRetries} from '../../src/proof/retry';
import {anEntry} from '../builders';

const {dequeue, enqueue} = queue;
let isReachable: boolean;
let tries: string[];
const send = vi.fn(async (entry: Entry) => {
  tries.push(entry.body.idempotency_key);
  isReachable && dequeue(entry);
  return isReachable;
});

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  isReachable = false;
  tries = [];
  for (const key of ['one', 'two', 'three']) {
    enqueue(anEntry(key, false));
  }
});

test('a round ends at the first choice that cannot be delivered, and the pause doubles with each round', async () => {
  startRetries(queue, send).start();
  const seconds: number[] = [];

  for (let second = 0; second <= 32; second++) {
    await vi.advanceTimersByTimeAsync(second === 0 ? 0 : 1000);
    seconds.push(...tries.splice(0).map(() => second));
  }

  expect(seconds).toEqual([0, 1, 3, 7, 15, 31]);
});

test.each([0, 0.999])('however long nobody was reached, the next try comes within a minute', async (chance) => {
  vi.mocked(Math.random).mockReturnValue(chance);
  startRetries(queue, send).start();
  await vi.advanceTimersByTimeAsync(24 * 3_600_000);
  tries = [];

  await vi.advanceTimersByTimeAsync(60_000);

  expect([1, 2, 3]).toContain(tries.length);
});

test('choices that fail on their own do not put off the round that is planned', async () => {
  const retries = startRetries(queue, send);

  for (let count = 0; count < 20; count++) {
    retries.later();
  }
  await vi.advanceTimersByTimeAsync(1000);

  expect(tries).toEqual(['one']);
});

test('once the server is reached everything is delivered in one round, and pauses are short again', async () => {
  const retries = startRetries(queue, send);
  retries.start();
  await vi.advanceTimersByTimeAsync(20_000);
  isReachable = true;
  await vi.advanceTimersByTimeAsync(11_000);
  expect(tries.slice(-3)).toEqual(['one', 'two', 'three']);
  tries = [];
  enqueue(anEntry('four', false));

  retries.later();
  await vi.advanceTimersByTimeAsync(1000);

  expect(tries).toEqual(['four']);
});
