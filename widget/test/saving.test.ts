import {describe, expect, test, vi} from 'vitest';
import {queue} from '../src/proof/queue';

const {waiting} = queue;

import {aBundle, aCategory} from './builders';
import {acknowledge, DAY, page} from './page';

describe('saving some categories', () => {
  const ends = () => page.consent.state?.expires ?? {};

  test('sends those alone; the rest keeps its end, its revision and its grant', async () => {
    await page.press('accept_all');
    const before = ends();
    page.published = {...page.published, bundle: {...page.published.bundle, revision: 4}};
    page.open();
    await page.consent.start();
    vi.useFakeTimers({now: Date.now() + 30 * DAY, toFake: ['Date']});

    expect(await page.save({functional: false})).toBe(true);

    expect(page.posts[1]).toMatchObject({action: 'save', categories: {functional: false}, services: {}, n: 2});
    expect(ends()).toMatchObject({analytics: before.analytics, marketing: before.marketing});
    expect(ends().functional).not.toBe(before.functional);
    expect(page.consent.state).toMatchObject({revision: 4, revisions: {analytics: 3, marketing: 3}});
    expect(page.consent.granted()).toEqual(['analytics', 'marketing']);
    expect(document.cookie).toContain('consent_token');
  });

  test('adopts the ends that the server holds', async () => {
    await page.press('accept_all');
    const end = '2026-12-24T00:00:00.000Z';
    page.held.analytics = {granted: true, expires_at: end};

    await page.save({functional: false});

    expect(ends().analytics).toBe(end);
  });

  test('takes nothing else away while the server cannot be reached, and asks nobody on the next page', async () => {
    await page.press('accept_all');
    page.respond = undefined;
    await page.save({functional: false});
    expect(page.consent.granted()).toEqual(['analytics', 'marketing']);

    page.open();
    await page.consent.start();

    expect(page.face.ask).not.toHaveBeenCalled();
    page.respond = acknowledge;
    page.open();
    await page.consent.start();
    await vi.waitFor(() => expect(page.consent.granted()).toEqual(['analytics', 'marketing']));
  });

  test('sends everything while an earlier choice is on its way', async () => {
    await page.press('accept_all');
    page.respond = undefined;
    await page.press('withdraw');
    page.respond = acknowledge;

    await page.save({analytics: true});

    expect(page.posts[page.posts.length - 1]?.categories).toEqual({functional: false, analytics: true, marketing: false});
  });

  test('counts as refused what was never chosen', async () => {
    await page.save({analytics: true});

    expect(page.posts[0]?.categories).toEqual({functional: false, analytics: true, marketing: false});
  });

  test('answers what has become stale as well', async () => {
    await page.press('accept_all');
    const categories = [aCategory('functional'), aCategory('analytics', {since: 4}), aCategory('marketing')];
    page.published = {...page.published, bundle: aBundle({revision: 4, categories})};
    page.open();
    await page.consent.start();

    await page.save({functional: false});

    expect(page.posts[1]?.categories).toEqual({functional: false, analytics: false});
  });

  test.each([{}, {ghost: true}])('of %j does nothing', async (categories) => {
    expect(await page.save(categories)).toBe(false);
    expect([page.posts, document.cookie, localStorage.length]).toEqual([[], '', 0]);
  });

  test('that the server cannot complete still takes back what it refuses', async () => {
    await page.press('accept_all');
    page.respond = (body) =>
      body.action === 'save' ? new Response('{"reason": "categories_incomplete"}', {status: 422}) : acknowledge(body);

    expect(await page.save({functional: false})).toBe(false);

    await vi.waitFor(() => expect(waiting()).toEqual([]));
    expect(page.posts[2]).toMatchObject({action: 'withdraw', categories: {functional: false}, n: 2});
    expect(page.consent.granted()).toEqual(['analytics', 'marketing']);
  });

  test('of a no that the server never takes is given up after the second try', async () => {
    await page.press('accept_all');
    page.respond = () => new Response('{"reason": "invalid_request"}', {status: 422});

    await page.save({functional: false});

    await vi.waitFor(() => expect(waiting()).toEqual([]));
    expect(page.posts.map((body) => body.action)).toEqual(['accept_all', 'save', 'withdraw']);
    expect(page.consent.has('functional')).toBe(false);
  });
});
