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
