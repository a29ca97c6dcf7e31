/** What the browser takes back of an earlier grant, and what it leaves alone. */
import {beforeEach, expect, test, vi} from 'vitest';
import {hearBrowser} from '../../src/config';
import {aBundle, aCategory} from '../builders';
import {page} from '../page';

const {categories} = aBundle();

function turnOn(changes: object = {}): void {
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator), {globalPrivacyControl: true}));
  const marked = categories.map((category) => ({...category, gpc: category.id === 'marketing'}));
  page.published = hearBrowser({...page.published, bundle: aBundle({categories: marked, ...changes})});
  page.open();
}

const sent = () => page.posts.map(({action, method, categories: answered}) => [action, method, answered]);
const TAKEN_BACK = ['withdraw', 'gpc', {marketing: false}];

beforeEach(async () => {
  await page.press('accept_all');
  page.posts = [];
});

test('a grant from before goes, the rest stays granted, and the notice is what stays to be read', async () => {
  turnOn();

  await page.consent.start();
  await vi.waitFor(() => expect(page.consent.token()).toBeTruthy());

  expect(page.consent.granted()).toEqual(['functional', 'analytics']);
  expect(sent()).toEqual([TAKEN_BACK]);
  expect(page.face.say.mock.lastCall).toEqual(['gpc_honoured', true]);
  expect(page.consent.state).toMatchObject({gpc: true, n: 2});
});

test('a choice that is made before the second part is there tells the server too', async () => {
  turnOn();

  await page.save({analytics: false});

  expect(page.posts[0]).toMatchObject({categories: {analytics: false, marketing: false}, gpc: true});
  expect(page.consent.granted()).toEqual(['functional']);
});

test('what is stale is still asked, and not answered by the way', async () => {
  turnOn({categories: [aCategory('functional'), aCategory('analytics', {since: 9}), aCategory('marketing', {gpc: true})]});

  await page.consent.start();
  await vi.waitFor(() => expect(page.consent.has('functional')).toBe(true));

  expect(sent()).toEqual([TAKEN_BACK]);
  expect(page.consent.state?.categories).toEqual({functional: true, marketing: false});
  const [asked, settled] = [page.face.ask, page.face.settle].map((face) => Math.max(...face.mock.invocationCallOrder));
  expect(asked).toBeGreaterThan(Number(settled));
});

test('a no that may not have arrived is repeated, and a yes is not', async () => {
  page.respond = undefined;
  await page.save({analytics: false});
  turnOn();

  await page.consent.start();

  const bodies = vi.mocked(fetch).mock.calls.map(([, options]) => JSON.parse(String(options?.body)));
  expect(bodies.find(({method}) => method === 'gpc')).toMatchObject({
    categories: {analytics: false, marketing: false},
    services: {},
  });
});

test('a grant that was on its way without the signal is taken back when it has arrived', async () => {
  const {respond} = page;
  await page.press('withdraw');
  page.respond = undefined;
  await page.press('accept_all');
  turnOn();
  page.respond = respond;
  page.posts = [];

  await page.consent.start();
  await vi.waitFor(() => expect(page.consent.has('analytics')).toBe(true));

  await vi.waitFor(() => expect(sent()).toContainEqual(TAKEN_BACK));
  expect(page.consent.has('marketing')).toBe(false);
});
