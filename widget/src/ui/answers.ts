/**
 * The two equal answers. There is one way to build them, so that neither can be made to stand out.
 */
import {element} from './dom';
import type {Wording} from './texts';

export type Answer = (isAccepted: boolean, isTrusted: boolean) => void;

/** Accept, then reject: same element, same class, same container. */
export function answers(wording: Wording, answer: Answer): HTMLElement[] {
  return (['accept', 'reject'] as const).map((slot) =>
    button(wording.text(slot), 'answer', (event) => answer(slot === 'accept', event.isTrusted)),
  );
}

export function button(label: string, kind: string, click: (event: Event) => void): HTMLButtonElement {
  return element('button', {type: 'button', class: kind, click}, label);
}
