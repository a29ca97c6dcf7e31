/** The second layer: a switch for each category and, where there are several, for each service; and who answers for it. */
import type {Bundle, Category, Service} from '../config';
import type {Consent} from '../consent';
import {type Action, choiceEnds, optionalCategories, type State, type Wish} from '../decision';
import {slot} from '../slot';
import {answers} from './answers';
import {privacyControl} from './banner';
import {button, type Child, element, facts, link, named, newMark, title} from './dom';
import {count, country, date, period, text} from './texts';

/** @param close has to take it away; nothing is decided by it */
export function createPreferences(
  bundle: Bundle,
  consent: Consent,
  decide: (action: Action, event: Event, wish?: Wish) => void,
  close: () => void,
): HTMLDialogElement {
  const {categories, services} = bundle;
  const leave = button('×', close);
  leave.setAttribute('aria-label', text('close'));
  const dialog = element(
    'dialog',
    element('div.head', Object.assign(title(slot('preferences_title')), {autofocus: true}), leave),
    element(
      'div.text',
      element('p', text('preferences_intro')),
      privacyControl(categories),
      ...categories.map((category) =>
        categoryCard(
          category,
          services.filter((service) => service.category === category.id),
          consent,
        ),
      ),
      aboutThisChoice(bundle, consent.state),
    ),
    element(
      'div.foot',
      ...answers(decide, ''),
      button(text('save'), (event) => decide('save', event, readWish(dialog)), '.strong.save'),
      consent.granted().length > 0 && button(text('withdraw'), (event) => decide('withdraw', event), '.wide'),
    ),
  );
  dialog.onclose = close;
  return named(dialog, slot('preferences_title'));
}

/** What the switches say; a category with a single service has one switch for both. */
function readWish(dialog: HTMLElement): Wish {
  const wish: Wish = {categories: {}, services: {}};
  for (const {name, value, checked} of dialog.querySelectorAll('input')) {
    wish[name as keyof Wish][value] = checked;
  }
  return wish;
}

function categoryCard({id, required, reason, since}: Category, services: Service[], {state, has}: Consent): HTMLElement {
  const card = element(
    'div.card',
    element(
      'h3',
      row(
        text(`category.${id}.title`),
        required ? element('span.soft', text('always_active')) : makeSwitch('categories', id, has(id)),
      ),
    ),
    element('p', newMark(state, id, since), ` ${text(`category.${id}.text`)} ${text(`necessary_reason.${reason}`)}`),
    services[0] &&
      element(
        'details',
        element('summary', count('services', services.length)),
        ...services.flatMap((service) => [
          element('h4', row(service.name, !required && services[1] && makeSwitch('services', service.id, has(id, service.id)))),
          newMark(state, id, service.since),
          ...serviceFacts(service),
        ]),
      ),
  );
  card.onchange = ({target}) => {
    const [whole, ...parts] = card.querySelectorAll('input') as Iterable<HTMLInputElement> as [HTMLInputElement];
    if (target === whole) {
      parts.forEach((part: HTMLInputElement) => {
        part.checked = whole.checked;
      });
    } else {
      whole.checked = parts.some(({checked}) => checked);
    }
  };
  return card;
}

/** All of the row presses the switch in it. */
function row(name: string, control: Child): HTMLElement {
  return element('label', element('bdi', name), control);
}

function makeSwitch(name: keyof Wish, value: string, checked: boolean): HTMLInputElement {
  const input = Object.assign(element('input'), {type: 'checkbox', name, value, checked});
  input.setAttribute('role', 'switch');
  return input;
}

/** What a service stores, for how long, who reads it and where, and its policy. */
function serviceFacts({name, data, stores, shared, hosts, policy_url, ...service}: Service): Child[] {
  return [
    facts({
      'service.data': data.join(', '),
      'service.stores':
        stores[0] &&
        element(
          'ul',
          ...stores.map((store) =>
            element(
              'li',
              element('code', store.name),
              ` ${text(`store.${store.kind}`)}, ${store.lifetime === 'session' ? text('lifetime.session') : period(store.lifetime)}`,
            ),
          ),
          shared !== undefined && element('li', text(shared ? 'service.shared' : 'service.unshared')),
        ),
      'service.country': service.country && country(service.country),
      'service.hosts': hosts.join(', '),
    }),
    policy_url && link(policy_url, text('service.policy', {service: name})),
  ];
}

function aboutThisChoice(bundle: Bundle, state: State | undefined): HTMLElement {
  const {controller, authority, storage_region, record_retention, policy} = bundle;
  const ends = state ? Math.min(...optionalCategories(bundle).map(({id}) => choiceEnds(bundle, state, id))) : 0;
  return element(
    'div.card',
    element('h3', text('about')),
    facts({
      [slot('controller')]: element('span', `${controller.name}, ${controller.address}, `, contactLink(controller.contact)),
      [slot('dpo')]: contactLink(controller.dpo),
      [slot('authority')]: authority && link(authority.url, authority.name),
      [slot('storage_place')]: storage_region && country(storage_region),
      [slot('retention')]: record_retention && period(record_retention),
      [slot('expires')]: period(bundle.reprompt_after),
      [slot('expires_on')]: ends > Date.now() && date(ends),
      [slot('withdraw_title')]: text('withdraw_how'),
    }),
    policy && link(policy.url, text('policy')),
  );
}

/** An address of mail or of the web, shown as people write it. */
function contactLink(contact = ''): Child {
  return link(contact, contact.replace('mailto:', ''));
}
