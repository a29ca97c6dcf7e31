/** The second layer: a switch for each category and, where there are several, for each service; and who answers for it. */
import type {Bundle, Category, Service, Texts} from '../config';
import type {Consent} from '../consent';
import type {Action, Wish} from '../decision';
import {slot} from '../slot';
import {answers} from './answers';
import {privacyControl} from './banner';
import {button, type Child, element, facts, heard, link, named, newMark, title} from './dom';
import {comma, date, language, text} from './texts';

/** Left by its cross or a key it takes itself away, and nothing is decided. */
export function createPreferences(
  bundle: Bundle,
  consent: Consent,
  decide: (action: Action, event: Event, wish?: Wish) => void,
): HTMLDialogElement {
  const {categories, services} = bundle;
  const leave = button('×', () => dialog.close());
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
      aboutThisChoice(bundle, consent.ends()),
    ),
    element(
      'div.foot.three',
      ...answers(decide, ''),
      button(text('save'), (event) => decide('save', event, readWish(dialog)), '.strong.save'),
      consent.granted().length > 0 && button(text('withdraw'), (event) => decide('withdraw', event), '.wide'),
    ),
  );
  // The event comes late: another dialog may be there by then.
  return heard('close', () => dialog.remove(), named(dialog, slot('preferences_title')));
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
  return element(
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
        element('summary', text(`services.${id}`)),
        ...services.flatMap((service) => [
          element('h4', row(service.name, !required && services[1] && makeSwitch('services', service.id, has(id, service.id)))),
          newMark(state, id, service.since),
          ...serviceFacts(service),
        ]),
      ),
  );
}

/** A category's switch goes with those of its services. */
function joinSwitches({target}: Event): void {
  const card = (target as Element).closest('.card') as Element;
  const [whole, ...parts] = card.querySelectorAll('input') as Iterable<HTMLInputElement> as [HTMLInputElement];
  if (target === whole) {
    parts.forEach((part: HTMLInputElement) => {
      part.checked = whole.checked;
    });
  } else {
    whole.checked = parts.some(({checked}) => checked);
  }
}

/** All of the row presses the switch in it. */
function row(name: string, control: Child): HTMLElement {
  return element('label', element('bdi', name), control);
}

function makeSwitch(name: keyof Wish, value: string, checked: boolean): HTMLInputElement {
  const input = Object.assign(element('input'), {type: 'checkbox', role: 'switch', name, value, checked});
  return heard('change', joinSwitches, input);
}

/** In the language that is spoken. */
function told(list: string | Texts): string {
  return (list as Texts)[language] ?? (list as string);
}

/** What a service stores, for how long, who reads it and where, and its policy. */
function serviceFacts({name, data, stores, shared, hosts, policy_url, ...service}: Service): Child[] {
  return [
    facts({
      [slot('service_data')]: told(data),
      [slot('service_stores')]:
        stores[0] &&
        element(
          'ul',
          ...stores.map((store) =>
            element(
              'li',
              element('code', store.name),
              ` ${text(`store.${store.kind}`)}${comma}${text(`lifetime.${store.lifetime}`)}`,
            ),
          ),
          element('li', text(shared ? slot('service_shared') : slot('service_unshared'))),
        ),
      [slot('service_country')]: text(`country.${service.country}`),
      [slot('service_hosts')]: told(hosts),
    }),
    link(policy_url, text('service_policy', {service: name})),
  ];
}

function aboutThisChoice(bundle: Bundle, ends: number): HTMLElement {
  const {controller, authority, storage_region, record_retention, policy} = bundle;
  return element(
    'div.card',
    element('h3', text('about')),
    facts({
      [slot('controller')]: element(
        'span',
        controller.name,
        comma,
        controller.address as string,
        comma,
        contactLink(controller.contact),
      ),
      [slot('dpo')]: contactLink(controller.dpo),
      [slot('authority')]: authority && link(authority.url, authority.name),
      [slot('storage_place')]: text(`country.${storage_region}`),
      [slot('retention')]: text(`lifetime.${record_retention}`),
      [slot('expires')]: text(`lifetime.${bundle.reprompt_after}`),
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
