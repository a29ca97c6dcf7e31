import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {forgetServices} from '../../src/proof/cleanup';
import {aService} from '../builders';

const forget = (...stores: [kind: string, name: string][]) =>
  forgetServices([{...aService('a'), stores: stores.map(([kind, name]) => ({kind, name, lifetime: 'P1D'}))}]);

const settle = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  localStorage.clear();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A jar that keeps names alone, and loses one when the right attempt is made. */
function aJar(name: string, isRight: (attempt: string) => boolean): string[] {
  const attempts: string[] = [];
  let kept = [`${name}=1`, 'basket=full'];
  vi.spyOn(document, 'cookie', 'get').mockImplementation(() => kept.join('; '));
  vi.spyOn(document, 'cookie', 'set').mockImplementation((attempt) => {
    attempts.push(attempt);
    if (attempt.startsWith(`${name}=;`) && isRight(attempt)) {
      kept = ['basket=full'];
    }
  });
  return attempts;
}

test.each([
  ['__Host-id', (attempt: string) => attempt.includes(';path=/;') && /;secure/.test(attempt) && !/;domain/.test(attempt)],
  ['chips', (attempt: string) => attempt.endsWith(';secure;samesite=none;partitioned')],
  ['a.b+c[d]$', () => true],
])('cookie %s is deleted, and nobody else’s', (name, isRight) => {
  const attempts = aJar(name, isRight);

  forget(['cookie', name]);

  expect(document.cookie).toBe('basket=full');
  expect(attempts.every((attempt) => attempt.startsWith(`${name}=;`))).toBe(true);
});

test('nothing is tried for a cookie that is gone', () => {
  const attempts = aJar('id', () => true);

  forget(['cookie', 'id']);

  expect(attempts.length).toBeLessThan(5);
});

test('what the widget keeps itself stays, whatever a service claims', () => {
  localStorage.setItem('consent_queue', '[]');
  localStorage.setItem('theirs', '1');

  forget(['local_storage', '*']);

  expect(Object.keys(localStorage)).toEqual(['consent_queue']);
});

test('a database is deleted by its pattern where they can be listed, by its name where they cannot', async () => {
  const deleteDatabase = vi.fn();
  vi.stubGlobal('indexedDB', {deleteDatabase, databases: async () => [{name: 'vendor-1'}, {name: 'cart'}]});
  forget(['indexed_db', 'vendor-*']);
  await settle();
  vi.stubGlobal('indexedDB', {deleteDatabase});
  forget(['indexed_db', 'vendor'], ['indexed_db', 'vendor-*']);
  await settle();

  expect(deleteDatabase.mock.calls.flat()).toEqual(['vendor-1', 'vendor', 'vendor-*']);
});

test('a background script goes by its address or its path', async () => {
  const unregister = vi.fn();
  const at = (path: string, state: string) => ({
    [state]: {scriptURL: new URL(path, 'https://shop.example').href},
    unregister: () => unregister(path),
  });
  const registrations = [at('/sw.js', 'active'), at('/vendor/sw.js?v=1', 'waiting'), at('/vendor/sw.js', 'installing')];
  vi.stubGlobal('navigator', {serviceWorker: {getRegistrations: async () => registrations}});

  forget(['worker', '/vendor/sw.js'], ['worker', 'https://shop.example/sw.*']);
  await settle();

  expect(unregister.mock.calls.flat().sort()).toEqual(['/sw.js', '/vendor/sw.js', '/vendor/sw.js?v=1']);
});

test('a browser that lacks a store, or throws, has nothing to delete', async () => {
  vi.stubGlobal('indexedDB', undefined);
  vi.stubGlobal('caches', {
    keys: async () => {
      throw new DOMException('denied', 'SecurityError');
    },
  });
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('localStorage', undefined);

  forget(['indexed_db', 'x'], ['cache', 'x'], ['worker', 'x'], ['local_storage', 'x'], ['pixel', 'x'], ['toString', 'x']);
  await settle();
});
