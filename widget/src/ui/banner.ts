/** The first layer: what is asked, by whom, what the answers mean, and both answers. Not modal. */
import type {Bundle} from '../config';
import {type Answer, answers, button} from './answers';
import {element} from './dom';
import type {Wording} from './texts';

/** @param choose opens the second layer; `isList` at the list of third parties */
export function createBanner(bundle: Bundle, wording: Wording, answer: Answer, choose: (isList: boolean) => void): HTMLElement {
  const {text} = wording;
  const names = {reopen: text('reopen'), withdraw: text('withdraw')};
  const categories = bundle.categories.map(({id}) =>
    element('li', {}, element('strong', {}, text(`category.${id}.title`)), ' ', text(`category.${id}.text`)),
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
      element(
        'p',
        {class: 'fine'},
        element('span', {}, text('asked_by', {controller: bundle.controller.name})),
        parties && element('span', {}, wording.count('third_parties', bundle.services.length)),
      ),
    ),
    element(
      'div',
      {class: 'actions'},
      ...answers(wording, answer),
      element(
        'div',
        {class: 'more'},
        button(text('choose'), 'plain choose', () => choose(false)),
        parties && button(text('third_parties_link'), 'plain list', () => choose(true)),
      ),
    ),
  );
}
