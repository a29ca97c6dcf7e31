import {beforeEach, expect, test} from 'vitest';
import microsoftClarity from '../../src/signals/microsoft_clarity';
import {CHOICES, page, recorder, running} from './choices';

const word = (isGranted: boolean) => (isGranted ? 'granted' : 'denied');

beforeEach(() => {
  delete page.clarity;
});

test.each(CHOICES)('both denied first, then by category: %s %s %s %s', (...granted) => {
  const clarity = running(microsoftClarity);

  clarity.start();
  clarity.choose(...granted.filter(Boolean));

  const {q} = page.clarity as {q: IArguments[]};
  expect(q.map((command) => [...command])).toEqual([
    ['consentv2', {ad_Storage: 'denied', analytics_Storage: 'denied'}],
    ['consentv2', {ad_Storage: word(granted.includes('marketing')), analytics_Storage: word(granted.includes('analytics'))}],
  ]);
});

test("Clarity's own snippet adds to the same queue, and so does its code later", () => {
  running(microsoftClarity).start();
  page.clarity ??= () => expect.fail('the snippet must keep what is there');
  (page.clarity as (...command: unknown[]) => void)('set', 'key', 'value');

  expect((page.clarity as {q: IArguments[]}).q.map(([name]) => name)).toEqual(['consentv2', 'set']);
});

test('Clarity itself is told once it runs', () => {
  const {calls, call} = recorder();
  page.clarity = call;

  running(microsoftClarity).choose('analytics');

  expect(calls).toEqual([['consentv2', {ad_Storage: 'denied', analytics_Storage: 'granted'}]]);
});
