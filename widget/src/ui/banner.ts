/** The first layer: what is asked, by whom, what the answers mean, and both answers. Not modal. */
import type {Bundle, Category} from '../config';
import {isNewTo, type State} from '../decision';
import {slot} from '../slot';
import {answers, type Decide} from './answers';
import {button, element, named, newMark, title} from './dom';
import {text} from './texts';

/**
 * @param state an earlier choice, which has lapsed or no longer covers everything
 * @param choose opens the second layer, at the list of services if wanted
 */
export function createBanner(
  {categories, services}: Bundle,
  state: State | undefined,
  decide: Decide,
  choose: (isList: boolean) => void,
): HTMLElement {
  const isNew = ({id, since}: Category) => Number(isNewTo(state, id, since));
  // What is asked about anew comes first: on a small screen the rest is reached by scrolling. What the browser has
  // objected to is not asked for.
  const asked = categories.filter(({gpc}) => !gpc).sort((one, other) => isNew(other) - isNew(one));
  const cross = text('close_reject');
  return named(
    element(
      'section',
      element(
        'div.text',
        // Only where the site's profile has it.
        cross && button(cross, (event) => decide('reject_all', event), '.cross'),
        title(slot('title')),
        element('p', text('intro')),
        element(
          'ul',
          ...asked.map(({id, since}) =>
            element(
              'li',
              element('strong', text(`category.${id}.title`)),
              ' ',
              newMark(state, id, since),
              ` ${text(`category.${id}.text`)}`,
            ),
          ),
        ),
        privacyControl(categories),
        element(
          'p.soft',
          [text('if_accept'), text('if_reject'), text('withdraw_how'), text('asked_by'), text('scope')].join(' '),
        ),
      ),
      element(
        'div.foot',
        ...answers(decide, '.strong'),
        button(text('choose'), () => choose(false), services[0] ? '' : '.wide'),
        services[0] && button(text('services'), () => choose(true), '.link'),
      ),
    ),
    slot('title'),
  );
}

/** Says what stays off because this visitor's browser objects. */
export function privacyControl(categories: Category[]): HTMLElement | false {
  return categories.some(({gpc}) => gpc) && element('p', text('gpc_honoured'));
}
