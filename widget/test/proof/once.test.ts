/** One service for one page view: proved before, withdrawn after, and gone with the next no. */
import {expect, test, vi} from 'vitest';
import {aBundle} from '../builders';
import {acknowledge, type Body, page} from '../page';

const once = (service = 'matomo') => page.consent.showOnce(service, true);
const isShown = () => page.consent.allows('analytics', 'matomo');
const sent = () => page.posts.map(({action, method, n}) => [action, method, n]);

test('a service is shown once, alone, and its proof is withdrawn under the same identifier', async () => {
  expect(await once()).toBe(true);

  expect([isShown(), page.consent.allows('analytics', 'hotjar'), page.consent.allows('analytics')]).toEqual([true, false, false]);
  expect(page.consent.has('analytics', 'matomo')).toBe(false);
  await vi.waitFor(() => expect(page.posts).toHaveLength(2));
  expect(sent()).toEqual([
    ['save', 'placeholder', 1],
    ['withdraw', 'placeholder', 2],
  ]);
  expect(page.posts[0]).toMatchObject({services: {matomo: true, hotjar: false}});
  expect(page.posts[1]?.consent_id).toBe(page.posts[0]?.consent_id);
  expect(document.cookie).toBe('');
});

test.each(['reject_all', 'withdraw'] as const)('a later %s takes it away, and the page is brought in line', async (action) => {
  await once();
  page.apply.mockClear();

  await page.press(action);

  expect(isShown()).toBe(false);
  expect(page.apply).toHaveBeenCalled();
});

test('switching its category off takes it away, while another one is granted', async () => {
  await once();

  await page.save({functional: true, analytics: false});

  expect([isShown(), page.consent.has('functional')]).toEqual([false, true]);
});

test('a choice that says nothing of it leaves it', async () => {
  await once();

  await page.save({functional: true});

  expect(isShown()).toBe(true);
});

test('a no while its proof is on the way keeps it away', async () => {
  let answer = () => {};
  page.respond = (body) =>
    body.method === 'placeholder' && body.action === 'save'
      ? new Promise<Response>((resolve) => {
          answer = () => resolve(acknowledge(body));
        })
      : acknowledge(body);
  const showing = once();
  await vi.waitFor(() => expect(page.posts).toHaveLength(1));

  await page.press('reject_all');
  answer();

  expect(await showing).toBe(false);
  expect(isShown()).toBe(false);
  await vi.waitFor(() => expect(sent()).toContainEqual(['withdraw', 'placeholder', 2]));
});

test.each<[string, (body: Body) => Promise<Response> | Response, number]>([
  ['cannot be proved is withdrawn all the same', (body) => acknowledge(body, {aud: 'other'}), 2],
  ['the server refuses leaves nothing to withdraw', () => new Response('{"reason": "bundle_outdated"}', {status: 409}), 1],
])('what %s, and not shown', async (_, respond, posts) => {
  page.respond = respond;

  expect(await once()).toBe(false);

  await vi.waitFor(() => expect(page.posts).toHaveLength(posts));
  expect(isShown()).toBe(false);
});

test('it is read against what is published at that moment', async () => {
  await page.press('reject_all');
  const newer = aBundle({revision: 4, services: [{...aBundle().services[0], id: 'plausible'} as never]});
  const answered = vi.mocked(fetch).getMockImplementation() as typeof fetch;
  const published = JSON.stringify({...page.published, hash: 'n'.repeat(43), bundle: newer});
  vi.mocked(fetch).mockImplementation(async (url, options) => (options?.body ? answered(url, options) : new Response(published)));
  page.respond = () => new Response('{"reason": "bundle_outdated"}', {status: 409});
  await page.press('accept_all');
  page.respond = acknowledge;

  expect(await once('plausible')).toBe(true);

  expect(page.posts.find(({method}) => method === 'placeholder')).toMatchObject({bundle: 'n'.repeat(43)});
  expect(await once('matomo')).toBe(false);
});
