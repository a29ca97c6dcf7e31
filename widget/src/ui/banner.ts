/** The first layer: what is asked, by whom, what the answers mean, and both answers. Not modal. */
import type {Bundle, Category} from '../config';
import {isNewTo, optionalCategories, type State} from '../decision';
import {answers, type Decide} from './answers';
import {button, element} from './dom';
import {newMark} from './new-mark';
import type {Wording} from './texts';

/**
 * @param state an earlier choice, which has lapsed or no longer covers everything
 * @param choose opens the second layer, at the list of services if wanted
 */
export function createBanner(
  bundle: Bundle,
  wording: Wording,
  state: State | undefined,
  decide: Decide,
  choose: (isList: boolean) => void,
): HTMLElement {
  const {text} = wording;
  const isNew = ({id, since}: Category) => Number(isNewTo(state, id, since));
  // What is asked about anew comes first: on a small screen the rest is reached by scrolling. What the browser has
  // objected to is not asked for.
  const asked = bundle.categories.filter(({gpc}) => !gpc).sort((one, other) => isNew(other) - isNew(one));
  const banner = element(
    'section',
    element(
      'div',
      Object.assign(element('h2', text('title')), {id: 'title', tabIndex: -1}),
      element('p', text('intro')),
      element(
        'ul',
        ...asked.map(({id, since}) =>
          element(
            'li',
            element('strong', text(`category.${id}.title`)),
            ' ',
            newMark(wording, state, id, since),
            ' ',
            text(`category.${id}.text`),
          ),
        ),
      ),
      privacyControl(bundle, wording),
      element(
        'p.soft',
        `${text('if_accept')} ${text('if_reject')} ${text('withdraw_how')} ${text('asked_by')} `,
        bundle.services.length > 0 && button(wording.count('services', bundle.services.length), () => choose(true), '.link'),
      ),
    ),
    element(
      'footer',
      ...answers(wording, decide, '.strong'),
      button(text('choose'), () => choose(false)),
    ),
  );
  banner.setAttribute('aria-labelledby', 'title');
  return banner;
}

/** Says what stays off because this visitor's browser objects. */
export function privacyControl(bundle: Bundle, {text}: Wording): HTMLElement | false {
  return optionalCategories(bundle).some(({gpc}) => gpc) && element('p', text('gpc_honoured'));
}
