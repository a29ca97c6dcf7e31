/**
 * The two equal answers. There is one way to build them, so that neither can be made to stand out.
 */
import {element} from './dom';
import type {Wording} from './texts';

export type Answer = (isAccepted: boolean, isTrusted: boolean) => void;

/**
 * Reject, then accept: same element, same class, same container, and what is first in the document is first to the eye in
 * either direction of writing. Two buttons cannot both be the first that the keyboard reaches: that refusing costs one key
 * less than accepting is the order that can be held against nobody, the other one is a thumb on the scale. A single stop
 * with arrow keys would make them equal and hide one of them from people who do not expect arrow keys there.
 * Source: CNIL recommendation 2020-092, refusing must be as easy as accepting.
 */
export function answers(wording: Wording, answer: Answer): HTMLElement[] {
  return (['reject', 'accept'] as const).map((slot) =>
    button(wording.text(slot), 'answer', (event) => answer(slot === 'accept', event.isTrusted)),
  );
}

export function button(label: string, kind: string, click: (event: Event) => void): HTMLButtonElement {
  return element('button', {type: 'button', class: kind, click}, label);
}
