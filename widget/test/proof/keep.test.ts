import {beforeEach, describe, expect, test, vi} from 'vitest';
import {type State, utcDay} from '../../src/decision';
import type {Holding} from '../../src/proof/holding';
import {createKeeper} from '../../src/proof/keep';
import type {Entry} from '../../src/proof/queue';
import {aBundle} from '../builders';

const OWN = `${location.origin}/privacy-choices`;
const REFUSED: State = {v: 1, bundle: 'h', revision: 1, day: utcDay(Date.now()), categories: {analytics: false}, services: {}};

let asked: RequestInit[];

beforeEach(() => {
  asked = [];
  vi.stubGlobal(
    'fetch',
    vi.fn((_: string, options: RequestInit) => {
      asked.push(options);
      return new Promise(() => {});
    }),
  );
});

const keeper = (base: string, state: State = REFUSED) =>
  createKeeper(base, {state, now: Date.now, published: {bundle: aBundle()}} as unknown as Holding);
const entry = (state: State) => ({at: 0, state, body: {categories: {}}}) as unknown as Entry;

describe('the first answer', () => {
  test('may repeat a refusal that is held and names nobody', () => {
    expect(keeper(OWN).credentials(entry({...REFUSED}))).toBe('same-origin');
    expect(keeper(location.origin).credentials(entry({...REFUSED}))).toBe('same-origin');
  });

  test.each<[string, State, State]>([
    ['a decision with an identifier', {...REFUSED, id: 'i', n: 1}, {...REFUSED, id: 'i', n: 1}],
    ['one that is not held', REFUSED, {...REFUSED, categories: {analytics: true}}],
    ['one of another day', {...REFUSED, day: '2020-01-01'}, {...REFUSED, day: '2020-01-01'}],
  ])('sets nothing for %s', (_, sent, held) => {
    expect(keeper(OWN, held).credentials(entry(sent))).toBe('omit');
  });

  test.each(['https://consent.example', '', `${location.origin}.evil.example`, 'null'])('sets nothing from %s', (base) => {
    expect(keeper(base).credentials(entry(REFUSED))).toBe('omit');
  });
});

describe('what is held', () => {
  test('is asked for once more on the own host, with credentials', () => {
    keeper(OWN).keep(entry(REFUSED));

    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({method: 'POST', credentials: 'same-origin', keepalive: true});
  });

  test('is not asked for on another host', () => {
    keeper('https://consent.example').keep(entry(REFUSED));

    expect(asked).toEqual([]);
  });

  test('is no longer taken once a newer decision was made', () => {
    const kept = keeper(OWN);
    kept.keep(entry(REFUSED));

    kept.stop();

    expect(asked[0]?.signal?.aborted).toBe(true);
  });
});
