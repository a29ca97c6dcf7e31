/** A grant that the server refuses. */
import {expect, test, vi} from 'vitest';
import {acknowledge, type Body, page} from './page';

test('a yes that the server refuses takes no no with it', async () => {
  await page.press('accept_all');
  page.respond = (body: Body) =>
    body.action === 'withdraw' ? acknowledge(body) : new Response('{"reason": "bundle_outdated"}', {status: 409});

  await page.save({analytics: false, marketing: true});
  await vi.waitFor(() => expect(page.posts.at(-1)).toMatchObject({action: 'withdraw', n: 2}));

  expect(page.posts.at(-1)?.categories).toEqual({analytics: false});
  page.respond = acknowledge;
  await page.press('accept_all');
  expect(page.posts.at(-1)).toMatchObject({action: 'accept_all', n: 3});
});
