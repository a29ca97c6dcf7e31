/** One service in the second layer: what it stores, for how long, where, and its policy. */
import type {Service} from '../config';
import {element, link} from './dom';
import {newMark} from './new-mark';
import type {Wording} from './texts';

/**
 * @param isNew changed since an earlier choice
 * @param control the service's own switch, where its category is split
 */
export function serviceEntry(service: Service, wording: Wording, isNew: boolean, control?: HTMLElement): HTMLElement {
  const {text} = wording;
  const stores = service.stores.map(({name, kind, lifetime}) => {
    const lasts = lifetime === 'session' ? text('lifetime.session') : wording.period(lifetime);
    return element('li', {}, element('code', {}, name), ` ${text(`store.${kind}`)}, ${lasts}`);
  });
  return element(
    'li',
    {class: 'service'},
    element(
      'div',
      {class: 'row'},
      element('span', {}, element('bdi', {class: 'name'}, service.name), ' ', isNew && newMark(wording)),
      control,
    ),
    element(
      'dl',
      {},
      ...fact(text('service.data'), service.data.join(', ')),
      ...fact(text('service.stores'), stores.length > 0 && element('ul', {}, ...stores)),
      ...fact(text('service.country'), service.country && wording.country(service.country)),
      ...fact(text('service.hosts'), service.hosts.join(', ')),
    ),
    service.policy_url ? link(service.policy_url, text('service.policy', {service: service.name})) : undefined,
  );
}

/** A term and its description; nothing when there is nothing to say. */
export function fact(term: string, description: Node | string | false | undefined): HTMLElement[] {
  return description ? [element('dt', {}, term), element('dd', {}, description)] : [];
}
