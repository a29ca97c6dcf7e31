import {beforeEach, describe, expect, test, vi} from 'vitest';
import {deliver, fetchPublished} from '../../src/proof/api';
import {queue} from '../../src/proof/queue';
import {anEntry} from '../builders';

const {dequeue, enqueue, isWaiting, waiting} = queue;
const keysOf = () => waiting().map((entry) => entry.body.idempotency_key);
const answering = (status: number, body: string) =>
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => new Response(body, {status})),
  );

beforeEach(() => {
  localStorage.clear();
});

describe('the queue', () => {
  test('holds denials first, then the order in which they were made', () => {
    const now = Date.now();
    enqueue(anEntry('late denial', false, now));
    enqueue(anEntry('early denial', false, now - 5));
    enqueue(anEntry('grant', true, now - 9));

    expect(keysOf()).toEqual(['early denial', 'late denial', 'grant']);
  });

  test('drops a grant that still waits when a newer decision is made', () => {
    const grant = anEntry('grant', true);
    enqueue(grant);

    enqueue(anEntry('denial', false));

    expect(isWaiting(grant)).toBe(false);
    expect(keysOf()).toEqual(['denial']);
  });

  test('keeps thirty days and fifty decisions at most', () => {
    enqueue(anEntry('old', false, Date.now() - 31 * 864e5));
    for (let index = 0; index < 60; index++) {
      enqueue(anEntry(`denial ${index}`, false));
    }

    expect(keysOf()).toHaveLength(50);
    expect(keysOf()).not.toContain('old');
    expect(keysOf()).toContain('denial 59');
  });

  test('leaves nothing on the device once everything is delivered', () => {
    const entry = anEntry('denial', false);
    enqueue(entry);

    dequeue(entry);

    expect(localStorage.length).toBe(0);
  });

  test('that holds rubbish is empty', () => {
    localStorage.setItem('consent_queue_x', '{"at": 1}');
    expect(waiting()).toEqual([]);
    localStorage.setItem('consent_queue_x', '{');
    expect(waiting()).toEqual([]);
  });

  test('lives in memory where the browser keeps nothing', () => {
    vi.stubGlobal('localStorage', {
      getItem() {
        throw new Error('denied');
      },
      setItem() {
        throw new Error('denied');
      },
      removeItem() {
        throw new Error('denied');
      },
    });
    const entry = anEntry('denial', false);

    enqueue(entry);

    expect(isWaiting(entry)).toBe(true);
    dequeue(entry);
    expect(isWaiting(entry)).toBe(false);
  });
});

describe('a delivery', () => {
  const entry = anEntry('key', true);

  test('is one request without credentials and without a preflight', async () => {
    answering(201, '{"record_id": "r", "categories": {}}');

    await deliver('https://consent.example/base', 'demo', entry.body);

    const [url, options] = vi.mocked(fetch).mock.calls[0] as [string, RequestInit];
    expect(url).toBe('https://consent.example/base/v1/sites/demo/consents');
    expect(options).toMatchObject({method: 'POST', credentials: 'omit', keepalive: true});
    expect(options.headers).toEqual({'Content-Type': 'text/plain;charset=UTF-8'});
    expect(JSON.parse(String(options.body))).toEqual(entry.body);
  });

  test.each([
    [201, '{"record_id": "r", "categories": {}}', 'answer'],
    [409, '{"reason": "bundle_outdated"}', 'bundle_outdated'],
    [422, 'not json', '422'],
    [403, '{"reason": "origin_not_allowed"}', 'origin_not_allowed'],
    [200, '<html>', undefined],
    [201, '{}', undefined],
    [429, '{"reason": "rate_limited"}', undefined],
    [500, 'oops', undefined],
    [503, '{"reason": "busy"}', undefined],
  ])('answered %i %s means %s', async (status, body, expected) => {
    answering(status, body);

    const outcome = await deliver('', 'demo', entry.body);

    expect(outcome.answer ? 'answer' : outcome.reason).toBe(expected);
  });

  test.each([
    [403, undefined],
    [404, undefined],
    [422, 'invalid_request'],
  ])('of a denial, answered %i, is final only when the decision itself is refused', async (status, expected) => {
    answering(status, '{"reason": "invalid_request"}');

    const outcome = await deliver('', 'demo', anEntry('denial', false).body);

    expect(outcome.reason).toBe(expected);
  });

  test('that the network refuses is tried again later', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => {
        throw new TypeError('Failed to fetch');
      }),
    );

    expect(await deliver('', 'demo', entry.body)).toEqual({});
  });

  test('is given up after ten seconds', async () => {
    vi.useFakeTimers();
    vi.stubGlobal(
      'fetch',
      vi.fn(
        (_: string, {signal}: RequestInit) =>
          new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')))),
      ),
    );

    const outcome = deliver('', 'demo', entry.body);
    await vi.advanceTimersByTimeAsync(10_000);

    expect(await outcome).toEqual({});
    vi.useRealTimers();
  });
});

test('a bundle that cannot be trusted is no bundle', async () => {
  answering(200, '{"hash": "h", "bundle": {"v": 1}}');
  expect(await fetchPublished('', 'demo')).toBeUndefined();
});
