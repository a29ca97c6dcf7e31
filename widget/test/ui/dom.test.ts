import {expect, test, vi} from 'vitest';
import {button, element, revive} from '../../src/ui/dom';

test('what a button does is within no reach of the page, which would call it with an event of its own', () => {
  const press = vi.fn();

  const created = button('Accept all', press);

  expect(created.onclick).toBeNull();
  created.click();
  expect(press).toHaveBeenCalledOnce();
});

test('a listener that is added again is there once, and a button of the page does no harm', () => {
  const press = vi.fn();
  const created = button('Accept all', press);

  revive(element('div', element('button'), created));

  created.click();
  expect(press).toHaveBeenCalledOnce();
});
