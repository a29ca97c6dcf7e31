import {beforeEach, expect, test} from 'vitest';
import posthog from '../../src/signals/posthog';
import {CHOICES, page, running, scriptLoads} from './choices';

function loaded(status: string): string[] {
  const calls: string[] = [];
  const say = (name: string, next: string) => () => {
    calls.push(name);
    status = next;
  };
  page.posthog = {
    __loaded: true,
    get_explicit_consent_status: () => status,
    opt_in_capturing: say('opt_in_capturing', 'granted'),
    opt_out_capturing: say('opt_out_capturing', 'denied'),
  };
  return calls;
}

beforeEach(() => {
  delete page.posthog;
});

test.each(CHOICES)('nothing at first, then analytics decides: %s %s %s %s', (...granted) => {
  const calls = loaded('pending');
  const signal = running(posthog);

  signal.start();
  signal.choose(...granted.filter(Boolean));
  signal.choose(...granted.filter(Boolean));

  expect(calls).toEqual([granted.includes('analytics') ? 'opt_in_capturing' : 'opt_out_capturing']);
});

test('what it remembers from an earlier visit ends with our grant, and is left alone while that is checked', () => {
  const calls = loaded('granted');
  const signal = running(posthog);

  signal.start(true);
  signal.choose('analytics');
  expect(calls).toEqual([]);
  signal.start(false);

  expect(calls).toEqual(['opt_out_capturing']);
});

test('its snippet answers nothing: it is told after its library has loaded', () => {
  page.posthog = [];
  const signal = running(posthog);
  signal.start();
  signal.choose('analytics');
  const calls = loaded('denied');

  scriptLoads();

  expect(calls).toEqual(['opt_in_capturing']);
});
