/** The first layer: what is asked, by whom, what the answers mean, and both answers. Not modal. */
import type {Bundle, Category} from '../config';
import {type Answer, answers, button} from './answers';
import {element} from './dom';
import {newMark} from './new-mark';
import type {Wording} from './texts';

export interface BannerOptions {
  bundle: Bundle;
  wording: Wording;
  /** Changed since an earlier choice, which is why the question is asked again. */
  isNew(category: string, since: number): boolean;
  answer: Answer;
  /** Opens the second layer; `isList` at the list of services. */
  choose(isList: boolean): void;
}

export function createBanner({bundle, wording, isNew, answer, choose}: BannerOptions): HTMLElement {
  const {text} = wording;
  const names = {reopen: text('reopen'), withdraw: text('withdraw')};
  const isMarked = ({id, since}: Category) => isNew(id, since);
  // What is asked about anew comes first: on a small screen the rest is reached by scrolling.
  const ordered = [...bundle.categories].sort((one, other) => Number(isMarked(other)) - Number(isMarked(one)));
  const categories = ordered.map((category) =>
    element(
      'li',
      {},
      element('strong', {}, text(`category.${category.id}.title`)),
      ' ',
      isMarked(category) && newMark(wording),
      ' ',
      text(`category.${category.id}.text`),
    ),
  );
  const parties = bundle.services.length > 0;
  return element(
    'section',
    {class: `banner ${bundle.theme.layout === 'bar' ? 'bar' : 'box'}`, 'aria-labelledby': 'title'},
    element(
      'div',
      {class: 'scroll'},
      element('h2', {id: 'title', tabindex: -1}, text('title')),
      element('p', {}, text('intro')),
      element('ul', {class: 'purposes'}, ...categories),
      element('p', {class: 'fine'}, `${text('if_accept')} ${text('if_reject')} ${text('withdraw_how', names)}`),
      element('p', {class: 'fine'}, text('asked_by', {controller: bundle.controller.name})),
    ),
    element(
      'div',
      {class: 'actions'},
      ...answers(wording, answer),
      element(
        'div',
        {class: 'more'},
        button(text('choose'), 'plain choose', () => choose(false)),
        parties && button(wording.count('services', bundle.services.length), 'plain list', () => choose(true)),
      ),
    ),
  );
}
