/** A grant that the server refuses. */
import {expect, test, vi} from 'vitest';
import {queue} from '../src/proof/queue';

const {waiting} = queue;

import {acknowledge, type Body, page} from './page';

test('a yes that the server refuses takes no no with it', async () => {
  await page.press('accept_all');
  page.respond = (body: Body) =>
    body.action === 'withdraw' ? acknowledge(body) : new Response('{"reason": "bundle_outdated"}', {status: 409});

  await page.save({analytics: false, marketing: true});
  await vi.waitFor(() => expect(page.posts[page.posts.length - 1]).toMatchObject({action: 'withdraw', n: 2}));

  expect(page.posts[page.posts.length - 1]?.categories).toEqual({analytics: false});
  page.respond = acknowledge;
  await page.press('accept_all');
  expect(page.posts[page.posts.length - 1]).toMatchObject({action: 'accept_all', n: 3});
});

test('what was granted before and is not taken back goes on, and the device keeps it', async () => {
  await page.press('accept_all');
  page.respond = (body: Body) =>
    body.action === 'withdraw' ? acknowledge(body) : new Response('{"reason": "bundle_outdated"}', {status: 409});

  await page.save({analytics: false, marketing: true});
  await vi.waitFor(() => expect(waiting()).toEqual([]));

  expect(page.consent.granted()).toEqual(['functional', 'marketing']);
  page.open();
  await page.consent.start();
  expect(page.consent.granted()).toEqual(['functional', 'marketing']);
  expect(page.face.ask).not.toHaveBeenCalled();
});

test('a first yes that the server refuses leaves nobody in the log', async () => {
  page.respond = () => new Response('{"reason": "bundle_outdated"}', {status: 409});

  await page.save({analytics: true});

  expect(page.posts).toHaveLength(1);
  expect([waiting(), document.cookie]).toEqual([[], '']);
});

test('a yes that another tab replaced without having known of it is taken back, also before that tab is answered', async () => {
  let answer = () => {};
  const arrival = new Promise<void>((resolve) => {
    answer = resolve;
  });
  page.respond = async (body: Body) => {
    body.action === 'withdraw' || (await arrival);
    return acknowledge(body);
  };
  const saving = page.save({analytics: true});
  await vi.waitFor(() => expect(page.posts).toHaveLength(1));
  const [own] = waiting();
  if (own === undefined) {
    throw new Error('nothing waits');
  }
  queue.dequeue(own);
  queue.add({...own, body: {...own.body, idempotency_key: 'other', consent_id: 'other'}, state: {...own.state, id: 'other'}});

  answer();

  expect(await saving).toBe(false);
  await vi.waitFor(() => expect(page.posts).toHaveLength(2));
  expect(page.posts[1]).toMatchObject({action: 'withdraw', consent_id: own.body.consent_id, n: 2});
  await vi.waitFor(() => expect(waiting().map(({body}) => body.consent_id)).toEqual(['other']));
});

test('a yes that another tab wrote over in the same instant is taken back', async () => {
  await page.save({analytics: true});
  const own = page.posts[0];
  const state = decodeURIComponent(document.cookie.match(/consent_state=([^;]*)/)?.[1] ?? '');
  const theirs = encodeURIComponent(state.replace(String(own?.consent_id), 'o'.repeat(22)));

  // biome-ignore lint/suspicious/noDocumentCookie: another tab's
  document.cookie = `consent_state=${theirs};path=/`;
  document.dispatchEvent(new Event('visibilitychange'));

  // Pages of earlier tests are in the same document.
  const about = () => page.posts.filter((body) => body.consent_id === own?.consent_id);
  await vi.waitFor(() => expect(about()).toHaveLength(2));
  expect(about()[1]?.action).toBe('withdraw');
  expect(about()[1]?.n).toBeGreaterThan(1);
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.waitFor(() => expect(waiting()).toEqual([]));
  expect(about()).toHaveLength(2);
});

test('a token that another tab wrote over ours in the same instant does not unprove what the device holds', async () => {
  await page.save({analytics: true});
  const token = page.consent.token();

  // biome-ignore lint/suspicious/noDocumentCookie: another tab's
  document.cookie = 'consent_token=theirs;path=/';
  document.dispatchEvent(new Event('visibilitychange'));

  await vi.waitFor(() => expect(document.cookie).toContain(`consent_token=${token}`));
  expect(page.consent.granted()).toEqual(['analytics']);
  expect(page.consent.token()).toBe(token);
});
