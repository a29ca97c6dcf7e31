import {beforeEach, expect, test, vi} from 'vitest';
import type {Consent} from '../../src/consent';
import {placeholderOf} from '../../src/ui/placeholder';
import {speak} from '../../src/ui/texts';
import {aBundle} from '../builders';

const TEXTS = {
  placeholder_text: '{service} loads only if you allow it.',
  placeholder_content: 'This content',
  placeholder_once: 'Show this once',
  placeholder_always: 'Always allow {service}',
  placeholder_allow: 'Open the choices',
};
const decide = vi.fn(async () => true);
const showOnce = vi.fn(async () => true);
const open = vi.fn();
/** What this environment says of a click by code. */
const {isTrusted} = new MouseEvent('click');

function stand(attributes: string, earlier?: HTMLElement, texts = TEXTS): HTMLElement {
  document.body.innerHTML = `<iframe ${attributes}></iframe>`;
  const bundle = aBundle({texts: {en: texts}});
  const consent = {decide, showOnce} as unknown as Consent;
  const frame = document.querySelector('iframe') as HTMLElement;
  speak(bundle);
  return placeholderOf(frame, earlier, bundle, new CSSStyleSheet(), consent, open);
}

const labels = (host: HTMLElement) => [...(host.shadowRoot?.querySelectorAll('button') ?? [])].map((each) => each.textContent);
const press = (host: HTMLElement, label: string) =>
  [...(host.shadowRoot?.querySelectorAll('button') ?? [])].find((each) => each.textContent === label)?.click();

beforeEach(() => {
  vi.clearAllMocks();
});

test('a frame of a service can be shown once or always, and only a person can say so', () => {
  const host = stand('data-category="analytics" data-service="matomo"');
  expect(labels(host)).toEqual(['Show this once', 'Always allow matomo', 'Open the choices']);

  press(host, 'Show this once');
  press(host, 'Always allow matomo');

  expect(showOnce).toHaveBeenCalledExactlyOnceWith('matomo', isTrusted);
  const wish = {categories: {}, services: {matomo: true}};
  expect(decide).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({action: 'save', method: 'placeholder', wish}));
});

test.each([
  'data-category="analytics"',
  'data-category="analytics" data-service="nobody"',
  'data-category="marketing" data-service="matomo"',
])('a frame of no known service of its category leads to the choices alone: %s', (attributes) => {
  const host = stand(attributes);

  expect(labels(host)).toEqual(['Open the choices']);
  press(host, 'Open the choices');
  expect(open).toHaveBeenCalledOnce();
});

test('it is brought up to date only where it has changed, so that nobody loses the focus', () => {
  const host = stand('data-category="analytics" data-service="matomo"');
  const before = host.shadowRoot?.querySelector('button');

  stand('data-category="analytics" data-service="matomo"', host);
  expect(host.shadowRoot?.querySelector('button')).toBe(before);

  stand('data-category="analytics" data-service="matomo"', host, {...TEXTS, placeholder_once: 'Once'});
  expect(labels(host)[0]).toBe('Once');
});

test('what shows while something is refused needs nobody’s leave', () => {
  expect(stand('data-category="!analytics"').shadowRoot).toBeNull();
});
