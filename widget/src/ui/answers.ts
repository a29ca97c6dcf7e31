/**
 * The two equal answers. There is one way to build them, so that neither can be made to stand out.
 */
import type {Action} from '../decision';
import {button} from './dom';
import {text} from './texts';

/** Hands on what was pressed; whoever shows the buttons knows where. */
export type Decide = (action: Action, event: Event) => void;

/**
 * Reject, then accept: same element, same class, same container, and what is first in the document is first to the eye in
 * either direction of writing. Two buttons cannot both be the first that the keyboard reaches: that refusing costs one key
 * less than accepting is the order that can be held against nobody, the other one is a thumb on the scale. A single stop
 * with arrow keys would make them equal and hide one of them from people who do not expect arrow keys there.
 * Source: CNIL recommendation 2020-092, refusing must be as easy as accepting.
 */
export function answers(decide: Decide, kind: '' | '.strong'): HTMLElement[] {
  const one = (label: string, action: Action) => button(label, (event) => decide(action, event), kind);
  return [one(text('reject'), 'reject_all'), one(text('accept'), 'accept_all')];
}
