import {beforeEach, expect, test, vi} from 'vitest';
import type {Bundle} from '../src/config';
import {forgetServices} from '../src/proof/cleanup';
import {readState, readToken, writeState, writeToken} from '../src/store';
import {aBundle, aRefusal, aService, aState} from './builders';

beforeEach(() => {
  for (const pair of document.cookie.split('; ')) {
    writeToken(aBundle(), '', 0);
    // biome-ignore lint/suspicious/noDocumentCookie: clearing between tests
    document.cookie = `${pair.split('=')[0]}=;path=/;max-age=0`;
  }
  localStorage.clear();
});

test('a refusal is read back as it was written, and holds no identifier', () => {
  const refusal = aRefusal({day: new Date().toISOString().slice(0, 10)});
  writeState(aBundle(), refusal, Date.now() + 60_000);

  expect(readState()).toEqual(refusal);
  expect(Object.keys(readState() ?? {})).toEqual(['v', 'bundle', 'revision', 'day', 'categories', 'services']);
});

test('rubbish and future formats are no decision', () => {
  for (const value of ['%', 'null', '7', encodeURIComponent('{"v":2,"categories":{}}')]) {
    // biome-ignore lint/suspicious/noDocumentCookie: planted by the test
    document.cookie = `consent_state=${value};path=/`;
    expect(readState()).toBeUndefined();
  }
});

test('a token is kept until its end and can be taken away', () => {
  writeToken(aBundle(), 'a.b.c', Date.now() + 60_000);
  expect(readToken()).toBe('a.b.c');

  writeToken(aBundle(), '', 0);
  expect(readToken()).toBe('');
});

test('a host below the shared domain keeps one cookie for all of them, any other host its own', () => {
  const written = vi.spyOn(document, 'cookie', 'set');
  const domainOf = (bundle: Bundle) => {
    written.mockClear();
    writeToken(bundle, 'a.b.c', Date.now() + 60_000);
    return /domain=([^;]*)/.exec(written.mock.calls[0]?.[0] ?? '')?.[1];
  };

  expect(domainOf(aBundle({cookie_domain: location.hostname}))).toBe(location.hostname);
  expect(domainOf(aBundle({cookie_domain: 'elsewhere.example'}))).toBeUndefined();
  expect(domainOf(aBundle())).toBeUndefined();
  written.mockRestore();
});

test('what services stored is deleted by name and pattern, and nothing else', () => {
  writeState(aBundle(), aState({expires: {}, day: new Date().toISOString().slice(0, 10)}), Date.now() + 60_000);
  for (const name of ['_pk_id.1', '_pk_ses', 'basket']) {
    // biome-ignore lint/suspicious/noDocumentCookie: planted by the test
    document.cookie = `${name}=1;path=/`;
    localStorage.setItem(name, '1');
  }
  const store = (kind: string, name: string) => ({name, kind, lifetime: 'session'});

  forgetServices([{...aService('matomo'), stores: [store('cookie', '_pk_*'), store('local_storage', '_pk_id.*')]}]);

  expect(document.cookie).toContain('basket=1');
  expect(document.cookie).not.toContain('_pk_');
  expect(Object.keys(localStorage).sort()).toEqual(['_pk_ses', 'basket']);
});

test('a pattern that covers everything spares our own entries', () => {
  writeToken(aBundle(), 'a.b.c', Date.now() + 60_000);

  forgetServices([{...aService('greedy'), stores: [{name: '*', kind: 'cookie', lifetime: 'session'}]}]);

  expect(readToken()).toBe('a.b.c');
});

test('a cookie that another tab wrote in the same instant is not taken for one that the browser refused', () => {
  const refusal = aRefusal({day: new Date().toISOString().slice(0, 10)});
  let owner = document as object;
  while (!Object.getOwnPropertyDescriptor(owner, 'cookie')) {
    owner = Object.getPrototypeOf(owner);
  }
  const inherited = Object.getOwnPropertyDescriptor(owner, 'cookie');
  const write = (cookie: string) => inherited?.set?.call(document, cookie);
  Object.defineProperty(document, 'cookie', {
    configurable: true,
    get: () => inherited?.get?.call(document),
    set: () => write(`consent_state=${encodeURIComponent(JSON.stringify(refusal))};path=/`),
  });

  writeState(aBundle(), {...refusal, categories: {...refusal.categories, analytics: true}}, Date.now() + 60_000);

  expect(readState()).toEqual(refusal);
  Reflect.deleteProperty(document, 'cookie');
});
