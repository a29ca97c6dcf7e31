/** Presses from before the second part is there, on pages that share one device. */
import {afterEach, describe, expect, test, vi} from 'vitest';
import {proofPart} from '../src/proof';
import {PRESS} from '../src/store';
import {DAY, page} from './page';

/** A press on a page whose second part comes when `arrive` is called. */
function pressEarly(action: 'accept_all' | 'reject_all') {
  const {consent, face} = page;
  page.isPartThere = false;
  const pressed = page.press(action).finally(() => {
    page.isPartThere = true;
  });
  /** The connection has returned: every page looks for its second part. */
  const arrive = async () => {
    await pressed;
    window.dispatchEvent(new Event('online'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return {consent, face, pressed, arrive};
}

afterEach(() => {
  page.isPartThere = true;
});

describe('a press before the second part is there', () => {
  test('is kept and answered at once, and nothing is fetched for it before the answer can be seen', async () => {
    const load = vi.fn(async () => proofPart);
    page.open(load);

    const pressed = page.press('accept_all');
    for (let turn = 0; turn < 20; turn++) {
      await null;
    }

    expect(Object.keys(localStorage).filter((key) => key.startsWith(PRESS))).toHaveLength(1);
    expect(page.face.settle).toHaveBeenCalledOnce();
    expect(load).not.toHaveBeenCalled();
    expect(await pressed).toBe(true);
    expect(load).toHaveBeenCalled();
  });

  test('that says yes is nothing after a no on another page', async () => {
    const yes = pressEarly('accept_all');
    await yes.pressed;
    page.open(undefined, true);
    await page.press('reject_all');

    await yes.arrive();

    expect(yes.consent.granted()).toEqual([]);
    expect(page.posts.map(({action}) => action)).toEqual(['reject_all']);
    expect(yes.face.say).toHaveBeenLastCalledWith('superseded', true);
  });

  test('that the next page has delivered is not made again, whatever was decided since', async () => {
    const yes = pressEarly('accept_all');
    await yes.pressed;
    page.open();
    await page.consent.start();
    expect(page.consent.has('analytics')).toBe(true);
    await page.press('withdraw');

    await yes.arrive();

    expect(yes.consent.granted()).toEqual([]);
    expect(page.posts.map(({action}) => action)).toEqual(['accept_all', 'withdraw']);
  });

  test('that says no is delivered once, by its own page or by the next', async () => {
    const no = pressEarly('reject_all');
    await no.pressed;
    page.open();
    await page.consent.start();

    await no.arrive();

    expect(page.posts.map(({action}) => action)).toEqual(['reject_all']);
    expect(localStorage.length).toBe(0);
  });

  test('is made where the browser keeps nothing', async () => {
    const broken = {
      getItem: () => null,
      setItem: () => {
        throw new Error('full');
      },
      removeItem() {},
    };
    const whole = Object.getOwnPropertyDescriptor(globalThis, 'localStorage') as PropertyDescriptor;
    Object.defineProperty(globalThis, 'localStorage', {configurable: true, value: broken});
    const no = pressEarly('reject_all');

    await no.arrive();
    Object.defineProperty(globalThis, 'localStorage', whole);

    expect(page.posts.map(({action}) => action)).toEqual(['reject_all']);
  });

  test('that says no is delivered before a later yes, and neither takes the other along', async () => {
    await page.press('accept_all');
    page.open();
    await page.consent.start();
    page.isPartThere = false;
    page.open();
    const no = page.press('withdraw');
    const yes = page.save({functional: true});
    expect([await no, await yes]).toEqual([false, false]);
    page.isPartThere = true;
    page.posts = [];

    page.open();
    await page.consent.start();
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(page.posts.map(({action, categories}) => [action, categories])).toEqual([
      ['withdraw', {functional: false, analytics: false, marketing: false}],
      ['save', {functional: true, analytics: false, marketing: false}],
    ]);
    expect(page.consent.granted()).toEqual(['functional']);
  });

  test('that a later one replaced on its page is not in force', async () => {
    page.isPartThere = false;
    const part = page.later();
    const yes = page.press('accept_all');
    const no = page.press('reject_all');

    part.arrive();

    expect([await yes, await no]).toEqual([false, true]);
    expect(page.consent.granted()).toEqual([]);
    expect(page.posts.map(({action}) => action)).toEqual(['reject_all']);
  });

  test('that says yes holds for a day at most', async () => {
    for (const [passed, expected] of [
      [DAY - 1000, ['accept_all']],
      [DAY + 1000, []],
      [-1000, []],
    ] as const) {
      localStorage.clear();
      page.posts = [];
      page.isPartThere = false;
      page.open();
      await page.press('accept_all');
      page.isPartThere = true;
      vi.spyOn(Date, 'now').mockReturnValue(Date.now() + passed);

      page.open();
      await page.consent.start();

      expect(page.posts.map(({action}) => action)).toEqual(expected);
      vi.restoreAllMocks();
    }
  });
});
