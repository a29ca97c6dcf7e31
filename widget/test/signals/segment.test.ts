import {beforeEach, expect, test, vi} from 'vitest';
import type {Signal} from '../../src/signals/signal';
import {CHOICES, page, running, scriptLoads} from './choices';

type Middleware = (event: {payload: {obj: object}; next: (payload: unknown) => void}) => void;

let segment: Signal;
let added: Middleware[];

function analytics(): void {
  page.analytics = {addSourceMiddleware: (middleware: Middleware) => added.push(middleware)};
}

/** What becomes of an event. */
function sent(obj: object): unknown {
  let result: unknown;
  added[0]?.({payload: {obj}, next: (payload) => (result = payload)});
  return result;
}

beforeEach(async () => {
  delete page.analytics;
  added = [];
  vi.resetModules();
  ({default: segment} = await import('../../src/signals/segment'));
});

test.each(CHOICES)('every event carries the choice: %s %s %s %s', (...granted) => {
  analytics();
  const signal = running(segment);
  signal.start();
  expect(sent({})).toEqual({
    obj: {context: {consent: {categoryPreferences: {functional: false, analytics: false, marketing: false}}}},
  });

  signal.choose(...granted.filter(Boolean));

  const categoryPreferences = Object.fromEntries(
    ['functional', 'analytics', 'marketing'].map((id) => [id, granted.includes(id)]),
  );
  expect(sent({context: {page: '/', consent: {region: 'FR'}}})).toEqual({
    obj: {context: {page: '/', consent: {region: 'FR', categoryPreferences}}},
  });
  expect(added).toHaveLength(1);
});

test('it is added once, also to a library that comes with the grant', () => {
  const signal = running(segment);
  signal.start();
  signal.choose('analytics');
  analytics();

  scriptLoads();
  signal.choose();

  expect(added).toHaveLength(1);
  expect(sent({})).toMatchObject({obj: {context: {consent: {categoryPreferences: {analytics: false}}}}});
});

test('without Segment nothing is made in its place', () => {
  running(segment).choose('analytics');

  expect('analytics' in page).toBe(false);
});
