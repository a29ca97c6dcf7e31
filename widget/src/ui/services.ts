/** One service in the second layer: what it stores, for how long, where, and its policy. */
import type {Service} from '../config';
import {type Child, element, link} from './dom';
import type {Wording} from './texts';

export function serviceFacts(service: Service, wording: Wording): Child[] {
  const {text} = wording;
  const {shared} = service;
  const stores = service.stores.map(({name, kind, lifetime}) =>
    element(
      'li',
      element('code', name),
      ` ${text(`store.${kind}`)}, ${lifetime === 'session' ? text('lifetime.session') : wording.period(lifetime)}`,
    ),
  );
  return [
    facts(wording, {
      'service.data': service.data.join(', '),
      'service.stores':
        stores[0] && element('ul', ...stores, shared !== undefined && element('li', text(`service.${shared ? '' : 'un'}shared`))),
      'service.country': service.country && wording.country(service.country),
      'service.hosts': service.hosts.join(', '),
    }),
    service.policy_url && link(service.policy_url, text('service.policy', {service: service.name})),
  ];
}

/** Terms and their descriptions; a term that has none is left out. */
export function facts({text}: Wording, descriptions: Record<string, Child>): HTMLElement {
  return element(
    'dl',
    ...Object.entries(descriptions).flatMap(([slot, description]) =>
      description ? [element('dt', text(slot)), element('dd', description)] : [],
    ),
  );
}
