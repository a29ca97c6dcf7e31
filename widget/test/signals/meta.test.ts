import {beforeEach, expect, test} from 'vitest';
import meta from '../../src/signals/meta';
import {CHOICES, page, recorder, running, scriptLoads} from './choices';

beforeEach(() => {
  delete page.fbq;
});

test.each(CHOICES)('revoked first, then marketing decides: %s %s %s %s', (...granted) => {
  const {calls, call} = recorder();
  page.fbq = call;
  const signal = running(meta);

  signal.start();
  signal.choose(...granted.filter(Boolean));

  expect(calls).toEqual([
    ['consent', 'revoke'],
    ['consent', granted.includes('marketing') ? 'grant' : 'revoke'],
  ]);
});

test('without the pixel nothing is made in its place: its snippet loads only where there is none', () => {
  const signal = running(meta);
  signal.start();
  signal.choose('marketing');

  expect('fbq' in page).toBe(false);
});

test('a pixel that comes later is told what holds then, once', () => {
  const {calls, call} = recorder();
  const signal = running(meta);
  signal.start();
  signal.choose('marketing');
  signal.choose();
  page.fbq = call;

  scriptLoads();
  scriptLoads();

  expect(calls).toEqual([['consent', 'revoke']]);
});

test('a pixel that comes before any choice is held', () => {
  const {calls, call} = recorder();
  running(meta).start();
  page.fbq = call;

  scriptLoads();

  expect(calls).toEqual([['consent', 'revoke']]);
});

test('what stands there instead of a pixel throws at nobody, now or later', () => {
  page.fbq = () => {
    throw new Error('not a pixel');
  };
  const signal = running(meta);

  expect(() => {
    signal.start();
    signal.choose('marketing');
    page.fbq = {};
    signal.choose();
    scriptLoads();
  }).not.toThrow();
});
