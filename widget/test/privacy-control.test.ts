/** The precedence of Global Privacy Control, as docs/global-privacy-control.json writes it down: each row, in every profile. */
import {beforeEach, describe, expect, test, vi} from 'vitest';
import table from '../../docs/global-privacy-control.json';
import {hearBrowser} from '../src/config';
import {mustAsk, type State, standing} from '../src/decision';
import {writeState} from '../src/store';
import {aBundle, aCategory, aState} from './builders';
import {DAY, page} from './page';

const NOW = Date.now();
const profiles = Object.keys(table.profiles) as (keyof typeof table.profiles)[];
const cases = table.rows.flatMap(({signal, marked, stored, ...outcome}) =>
  profiles.flatMap((profile) =>
    signal.flatMap((isSent) =>
      marked.flatMap((isMarked) => stored.map((choice) => ({profile, isSent, isMarked, choice, outcome}))),
    ),
  ),
);

/** A visitor who granted `functional` and chose so about `marketing`, which is all that is in doubt. */
function chosen(choice: string): State | undefined {
  if (choice === 'none') {
    return undefined;
  }
  const [end, over] = [NOW + 90 * DAY, NOW - DAY].map((time) => new Date(time).toISOString()) as [string, string];
  return aState({
    categories: {functional: true, marketing: choice.includes('grant')},
    expires: {functional: end, marketing: choice.startsWith('expired') ? over : end},
    revisions: {marketing: choice.startsWith('stale') ? 1 : 3},
    ...(choice.endsWith('under the signal') && {gpc: true as const}),
  });
}

/** The signal can only be the answer where there is nothing else to ask. */
function publish(profile: keyof typeof table.profiles, isSent: boolean, isMarked: boolean, isAlone: boolean): void {
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator), {globalPrivacyControl: isSent}));
  const marketing = aCategory('marketing', {gpc: isMarked, since: 2});
  const categories = isAlone ? [marketing] : [aCategory('functional'), marketing];
  const bundle = aBundle({categories, services: [], reprompt_after: table.profiles[profile]});
  page.published = hearBrowser({...page.published, bundle});
}

test('every combination is in the table, once', () => {
  const combinations = cases.map(({profile, isSent, isMarked, choice}) => [profile, isSent, isMarked, choice].join());

  expect(new Set(combinations).size).toBe(combinations.length);
  expect(combinations).toHaveLength(profiles.length * 2 * 2 * Object.keys(table.stored).length);
});

describe.each(cases)('$profile, signal $isSent, marked $isMarked, $choice', ({profile, isSent, isMarked, choice, outcome}) => {
  const state = chosen(choice);

  beforeEach(() => {
    publish(profile, isSent, isMarked, choice === 'none');
    page.open();
  });

  test('is asked, and may run, as the table says', () => {
    const {bundle} = page.published;

    expect(mustAsk(bundle, state, NOW).includes('marketing')).toBe(outcome.asked);
    expect(standing(bundle, state, 'marketing', NOW) === 'granted').toBe(outcome.runs);
  });

  test('is recorded at once by the signal, or waits for an answer, as the table says', async () => {
    state && writeState(page.published.bundle, state, Date.now() + DAY);

    await page.consent.start();

    const answer = {method: outcome.method, gpc: true, categories: {marketing: false}};
    const recorded: Record<string, object[]> = {
      refusal: [{...answer, action: 'reject_all'}],
      withdrawal: [{...answer, action: 'withdraw', consent_id: state?.id}],
    };
    // Widgets of earlier tests hear of it too and send the same request; the log knows it by its key.
    const posts = [...new Map(page.posts.map((body) => [body.idempotency_key, body])).values()];
    expect(posts).toEqual((recorded[outcome.recorded] ?? []).map((body) => expect.objectContaining(body)));
    expect(choice !== 'none' || page.face.ask.mock.calls.length > 0).toBe(choice !== 'none' || outcome.asked);
  });
});
