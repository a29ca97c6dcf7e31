/** Marks what changed materially since the visitor last chose, so that nobody has to compare. */
import {isNewTo, type State} from '../decision';
import {type Child, element} from './dom';
import type {Wording} from './texts';

export function newMark({text}: Wording, state: State | undefined, category: string, since: number): Child {
  return isNewTo(state, category, since) && element('mark', text('new_or_changed'));
}
