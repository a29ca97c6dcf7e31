import {describe, expect, test, vi} from 'vitest';
import {queue} from '../src/proof/queue';

const {waiting} = queue;

import {acknowledge, DAY, page} from './page';

describe('a grant', () => {
  test('holds once the server has acknowledged it, not before', async () => {
    const deciding = page.press('accept_all');
    expect(page.consent.has('analytics')).toBe(false);

    expect(await deciding).toBe(true);
    expect(page.consent.has('analytics')).toBe(true);
    expect(page.face.say).toHaveBeenLastCalledWith('saved_status');
    expect(page.posts[0]).toMatchObject({n: 1, consent_id: expect.stringMatching(/^[\w-]{22}$/)});
  });

  test('is found again on the next page', async () => {
    await page.press('accept_all');

    page.open();
    await page.consent.start();

    expect(page.consent.has('analytics')).toBe(true);
    expect(page.face.ask).not.toHaveBeenCalled();
  });

  test('that nobody pressed is not taken', async () => {
    expect(await page.press('accept_all', false)).toBe(false);
    expect(page.posts).toEqual([]);
  });

  test('waits, denied, while the server cannot be reached, and is sent again with the same key', async () => {
    page.respond = undefined;
    await page.press('accept_all');
    expect(page.consent.has('analytics')).toBe(false);
    expect(page.face.say).toHaveBeenLastCalledWith('offline_retry', true);
    const key = waiting()[0]?.body.idempotency_key;

    page.respond = acknowledge;
    page.open();
    await page.consent.start();

    await vi.waitFor(() => expect(page.consent.has('analytics')).toBe(true));
    expect(page.face.ask).not.toHaveBeenCalled();
    expect(page.posts.map((body) => body.idempotency_key)).toEqual([key]);
    expect(waiting()).toEqual([]);
  });

  test('the server refuses is denied, asked again, and not sent for ever', async () => {
    page.respond = () => new Response('{"reason": "category_unknown"}', {status: 422});

    await page.press('accept_all');

    expect(page.face.ask).toHaveBeenCalled();
    expect(waiting()).toEqual([]);
  });
});

describe('a refusal', () => {
  test('holds without the server and leaves no identifier', async () => {
    page.respond = undefined;
    await page.press('reject_all');

    expect(page.consent.state?.categories).toEqual({functional: false, analytics: false, marketing: false});
    expect(page.consent.state).not.toHaveProperty('id');
    expect(waiting()[0]?.body).not.toHaveProperty('consent_id');
    expect(page.face.say).toHaveBeenLastCalledWith('offline_denied', true);
  });

  test('leaves the same bytes for everyone who makes it that day', async () => {
    await page.press('reject_all');
    const first = document.cookie;
    // biome-ignore lint/suspicious/noDocumentCookie: a second visitor
    document.cookie = 'consent_state=;path=/;max-age=-1';
    page.open();

    await page.press('reject_all');

    expect(document.cookie).toBe(first);
    expect(localStorage.length).toBe(0);
  });

  test('is not undone by the late answer to an older grant', async () => {
    let answerGrant: (() => void) | undefined;
    page.respond = (body) => new Promise((resolve) => (answerGrant = () => resolve(acknowledge(body))));
    const granting = page.press('accept_all');
    await vi.waitFor(() => expect(answerGrant).toBeDefined());
    page.respond = acknowledge;
    await page.press('reject_all');

    answerGrant?.();

    expect(await granting).toBe(false);
    expect(page.consent.has('analytics')).toBe(false);
    expect(page.posts.map((body) => body.n)).toEqual([1, 2]);
    expect(page.posts[1]?.consent_id).toBe(page.posts[0]?.consent_id);
  });
});

describe('a withdrawal', () => {
  test('holds at once, takes the token away, and is linked to its grant', async () => {
    await page.press('accept_all');
    const events: string[] = [];
    document.addEventListener('consent:withdrawn', () => events.push('withdrawn'), {once: true});
    page.respond = undefined;

    void page.press('withdraw');

    expect(page.consent.has('analytics')).toBe(false);
    expect(events).toEqual(['withdrawn']);
    expect(document.cookie).not.toContain('consent_token');
    expect(waiting()[0]?.body).toMatchObject({action: 'withdraw', n: 2, consent_id: page.posts[0]?.consent_id});
  });

  test('of one category holds at once while the rest is confirmed', async () => {
    await page.press('accept_all');
    page.respond = undefined;

    void page.save({marketing: false});

    expect(page.consent.granted()).toEqual(['functional', 'analytics']);
    expect(document.cookie).not.toContain('consent_token');
  });
});

test('a consent ends while the page is open: denied and asked again', async () => {
  await page.press('accept_all');
  await page.consent.start();
  vi.useFakeTimers({now: Date.now() + 366 * DAY});

  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(1);

  expect(page.consent.has('analytics')).toBe(false);
  expect(page.face.ask).toHaveBeenCalled();
});
