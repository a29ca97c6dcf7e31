import {beforeEach, expect, test} from 'vitest';
import {signalsOf} from '../../src/signals';
import type {Signal} from '../../src/signals/signal';

let told: unknown[] = [];
const noting: Signal = {
  start: (...args) => void told.push(['start', ...args]),
  apply: (granted, setting) =>
    void told.push(['apply', ['analytics', 'statistics', 'marketing'].filter((id) => granted.has(id)), setting]),
};
const failing: Signal = {
  start() {
    throw new Error('start');
  },
  apply() {
    throw new Error('apply');
  },
};

beforeEach(() => {
  told = [];
});

test('each is told with its own setting, and one that fails takes none with it', () => {
  const signals = signalsOf({failing: 'on', noting: {regions: []}}, {failing, noting});

  signals.start(true);
  signals.apply(new Set(['analytics']));

  expect(told).toEqual([
    ['start', true, {regions: []}],
    ['apply', ['analytics'], {regions: []}],
  ]);
});

test("a site's own category stands for the one that signals know", () => {
  const signals = signalsOf({categories: {analytics: 'statistics'}}, {noting});

  signals.apply(new Set(['statistics']));
  signals.apply(new Set(['marketing']));
  signals.apply(new Set(['analytics']));

  expect(told).toEqual([
    ['apply', ['analytics', 'statistics'], undefined],
    ['apply', ['marketing'], undefined],
    ['apply', [], undefined],
  ]);
});
