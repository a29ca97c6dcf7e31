import {expect, test} from 'vitest';
import {signalsOf} from '../../src/signals';
import type {Signal} from '../../src/signals/signal';

const told: unknown[] = [];
const noting: Signal = {
  start: (...args) => void told.push(['start', ...args]),
  apply: (granted, setting) => void told.push(['apply', [...granted], setting]),
};
const failing: Signal = {
  start() {
    throw new Error('start');
  },
  apply() {
    throw new Error('apply');
  },
};

test('each is told with its own setting, and one that fails takes none with it', () => {
  const signals = signalsOf({failing: 'on', noting: {regions: []}}, {failing, noting});

  signals.start(true);
  signals.apply(new Set(['analytics']));

  expect(told).toEqual([
    ['start', true, {regions: []}],
    ['apply', ['analytics'], {regions: []}],
  ]);
});
