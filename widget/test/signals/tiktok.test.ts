import {beforeEach, expect, test} from 'vitest';
import tiktok from '../../src/signals/tiktok';
import {CHOICES, page, running, scriptLoads} from './choices';

function pixel(): string[] {
  const calls: string[] = [];
  page.ttq = Object.fromEntries(['holdConsent', 'grantConsent', 'revokeConsent'].map((name) => [name, () => calls.push(name)]));
  return calls;
}

beforeEach(() => {
  delete page.ttq;
});

test.each(CHOICES)('held first, then marketing decides: %s %s %s %s', (...granted) => {
  const calls = pixel();
  const signal = running(tiktok);

  signal.start();
  signal.choose(...granted.filter(Boolean));

  expect(calls).toEqual(['holdConsent', granted.includes('marketing') ? 'grantConsent' : 'revokeConsent']);
});

test('a held-back pixel that the grant has just brought is told when its script has loaded', () => {
  const signal = running(tiktok);
  signal.start();
  signal.choose('marketing');
  const calls = pixel();

  scriptLoads();

  expect(calls).toEqual(['grantConsent']);
});

test('a base code without these methods throws at nobody, and the library that has them is told', () => {
  page.ttq = [];
  const signal = running(tiktok);
  signal.start();
  signal.choose('marketing');
  const calls = pixel();

  scriptLoads();

  expect(calls).toEqual(['grantConsent']);
});
