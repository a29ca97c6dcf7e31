/** The queue on pages whose JSON or whose storage is not what it was. */
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {json} from '../../src/proof/json';
import {type Entry, queue} from '../../src/proof/queue';
import {aRefusal} from '../builders';

const entry = (idempotency_key: string): Entry => ({
  at: Date.now(),
  body: {
    idempotency_key,
    action: 'accept_all',
    method: 'banner',
    categories: {analytics: true},
    services: {},
    bundle: 'b',
    build: 'w',
    language: 'en',
    gpc: false,
    trusted: true,
  },
  state: aRefusal(),
});
const keys = () => queue.waiting().map(({body}) => body.idempotency_key);

beforeEach(() => localStorage.clear());
afterEach(() => {
  vi.unstubAllGlobals();
  queue.waiting().forEach(queue.dequeue);
});

test('a list survives what Prototype.js taught arrays and objects about JSON', () => {
  const taught = [Array.prototype, Object.prototype] as {toJSON?: unknown}[];
  for (const prototype of taught) {
    Object.defineProperty(prototype, 'toJSON', {configurable: true, value: () => 'something else'});
  }
  try {
    queue.enqueue(entry('a'));
    expect(json([{b: 1, a: [null, 'é"', undefined], c: undefined}])).toBe('[{"a":[null,"é\\"",null],"b":1}]');
  } finally {
    for (const prototype of taught) {
      delete prototype.toJSON;
    }
  }

  expect(JSON.parse(localStorage.getItem('consent_queue_a') ?? '')).toMatchObject({body: {idempotency_key: 'a'}});
  expect(keys()).toEqual(['a']);
});

test('a store that takes everything and keeps nothing is not believed', () => {
  vi.stubGlobal('localStorage', {getItem: () => null, setItem: () => {}, removeItem: () => {}});

  queue.enqueue(entry('a'));

  expect(keys()).toEqual(['a']);
});

test('a full store that still holds an older decision does not hide the new one', () => {
  queue.enqueue(entry('old'));
  const kept = localStorage.getItem('consent_queue_old');
  vi.stubGlobal('localStorage', {
    getItem: () => kept,
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
    removeItem: () => {},
  });

  queue.enqueue(entry('new'));

  expect(keys()).toEqual(['new']);
});
