import {beforeEach, expect, test} from 'vitest';
import {forgetServices} from '../src/proof/cleanup';
import {readState, readToken, writeState, writeToken} from '../src/store';
import {aBundle, aRefusal, aService, aState} from './builders';

beforeEach(() => {
  for (const pair of document.cookie.split('; ')) {
    writeToken('', 0);
    // biome-ignore lint/suspicious/noDocumentCookie: clearing between tests
    document.cookie = `${pair.split('=')[0]}=;path=/;max-age=0`;
  }
  localStorage.clear();
});

test('a refusal is read back as it was written, and holds no identifier', () => {
  const refusal = aRefusal({day: new Date().toISOString().slice(0, 10)});
  writeState(aBundle(), refusal);

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
  writeToken('a.b.c', Date.now() + 60_000);
  expect(readToken()).toBe('a.b.c');

  writeToken('', 0);
  expect(readToken()).toBe('');
});

test('what services stored is deleted by name and pattern, and nothing else', () => {
  writeState(aBundle(), aState({expires: {}, day: new Date().toISOString().slice(0, 10)}));
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
  writeToken('a.b.c', Date.now() + 60_000);

  forgetServices([{...aService('greedy'), stores: [{name: '*', kind: 'cookie', lifetime: 'session'}]}]);

  expect(readToken()).toBe('a.b.c');
});
