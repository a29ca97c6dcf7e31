/** A grant that the log holds, and this device cannot show the proof of. */
import {describe, expect, test, vi} from 'vitest';
import {queue} from '../src/proof/queue';

const {waiting} = queue;

import {acknowledge, type Body, DAY, HOUR, page} from './page';

describe('a grant', () => {
  test.each([
    ['of another site', (body: Body) => acknowledge(body, {aud: 'other'})],
    ['of the past', (body: Body) => acknowledge(body, {iat: 0, exp: 1})],
    ['that is missing', (body: Body) => acknowledge({...body, consent_id: undefined})],
    ['that grants more than was chosen', (body: Body) => acknowledge(body, {categories: {marketing: {granted: true, at: 1}}})],
  ])('with a token %s is denied, and withdrawn from the log under its own identifier', async (_, answer) => {
    const granting = (body: Body) => (body.action === 'withdraw' ? acknowledge(body) : answer(body));
    page.respond = granting;

    expect(await page.save({analytics: true})).toBe(false);
    expect(page.face.say).toHaveBeenLastCalledWith('unproven', true);
    expect(page.consent.granted()).toEqual([]);
    await vi.waitFor(() => expect(waiting()).toEqual([]));

    expect(page.posts.map(({action, n}) => [action, n])).toEqual([
      ['save', 1],
      ['withdraw', 2],
    ]);
    expect(page.posts[1]).toMatchObject({consent_id: page.posts[0]?.consent_id, trusted: false});
    expect(page.consent.state).toMatchObject({id: page.posts[0]?.consent_id, n: 2});
    expect(page.face.ask).not.toHaveBeenCalled();
    page.respond = acknowledge;
    await page.press('accept_all');
    expect(page.posts[2]).toMatchObject({consent_id: page.posts[0]?.consent_id, n: 3});
    expect(page.consent.has('analytics')).toBe(true);
  });

  test('that cannot be proven takes away what ran before, and tells the page', async () => {
    await page.press('accept_all');
    const lost = vi.fn();
    document.addEventListener('consent:withdrawn', (event) => lost((event as CustomEvent).detail.categories), {once: true});
    page.respond = (body) => acknowledge(body, {aud: 'other'});

    await page.press('accept_all');

    expect(lost).toHaveBeenCalledWith(['functional', 'analytics', 'marketing']);
    expect(document.cookie).not.toContain('consent_token');
  });

  test('that cannot be proven is withdrawn later where the connection is lost in between', async () => {
    page.respond = (body) => {
      page.respond = undefined;
      return acknowledge(body, {aud: 'other'});
    };

    await page.press('accept_all');
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(2));

    expect(waiting().map(({body}) => [body.action, body.n])).toEqual([['withdraw', 2]]);
    expect(page.face.say).toHaveBeenLastCalledWith('unproven', true);
  });

  test.each([1, 30, 10_000])(
    'can be given on a device whose clock is %i hours slow, and found again on the next page',
    async (hours) => {
      page.respond = (body) => acknowledge(body, {}, hours * HOUR);

      expect(await page.press('accept_all')).toBe(true);
      expect(page.consent.has('analytics')).toBe(true);

      page.open();
      await page.consent.start();
      expect(page.consent.has('analytics')).toBe(true);
      expect(page.face.ask).not.toHaveBeenCalled();
      expect(Object.keys(page.consent.state ?? {}).join()).toBe('v,bundle,revision,day,categories,services,id,n,expires');
    },
  );

  test('ends when the server says so, not hours later by a slow clock', async () => {
    page.respond = (body) => acknowledge(body, {}, 10 * HOUR);
    await page.press('accept_all');
    vi.useFakeTimers({now: Date.now() + 365.1 * DAY});

    expect(page.consent.has('analytics')).toBe(false);
  });

  test('signed with a key that cannot be fetched now is sent again, not given up', async () => {
    page.published = {...page.published, keys: []};
    page.open();

    expect(await page.press('accept_all')).toBe(false);

    expect(page.face.say).toHaveBeenLastCalledWith('offline_retry', true);
    expect(waiting()).toHaveLength(1);
  });

  test('that a newer choice has replaced says so, and the next one counts on', async () => {
    await page.press('accept_all');
    page.respond = async (body) => {
      const answer = await (await acknowledge(body)).json();
      return new Response(JSON.stringify({...answer, token: undefined, superseded: true}), {status: 201});
    };

    expect(await page.press('accept_all')).toBe(false);

    expect(page.face.say).toHaveBeenLastCalledWith('superseded', true);
    await page.press('accept_all');
    expect(page.posts.map((body) => body.n)).toEqual([1, 2, 3]);
  });
});
