/** Marks what changed materially since the visitor last chose, so that nobody has to compare. */
import {element} from './dom';
import type {Wording} from './texts';

export function newMark(wording: Wording): HTMLElement {
  return element('span', {class: 'mark'}, wording.text('new_or_changed'));
}
