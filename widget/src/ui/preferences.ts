/** The second layer: a switch for each category and, where there are several, for each service; and who answers for it. */
import type {Bundle, Category} from '../config';
import type {Consent} from '../consent';
import {type Action, choiceEnds, optionalCategories, type Wish} from '../decision';
import {answers} from './answers';
import {privacyControl} from './banner';
import {button, type Child, element, link} from './dom';
import {newMark} from './new-mark';
import {facts, serviceFacts} from './services';
import type {Wording} from './texts';

export interface PreferencesOptions {
  bundle: Bundle;
  wording: Wording;
  consent: Consent;
  decide(action: Action, event: Event, wish?: Wish): void;
  close(): void;
}

export function createPreferences(options: PreferencesOptions): HTMLDialogElement {
  const {bundle, wording, consent, decide, close} = options;
  const {text} = wording;
  const leave = button('×', close);
  leave.setAttribute('aria-label', text('close'));
  const dialog = element(
    'dialog',
    element(
      'header',
      Object.assign(element('h2', text('preferences_title')), {id: 'preferences', tabIndex: -1, autofocus: true}),
      leave,
    ),
    element(
      'div',
      element('p', text('preferences_intro')),
      privacyControl(bundle, wording),
      ...bundle.categories.map((category) => categoryCard(category, options)),
      aboutThisChoice(options),
    ),
    element(
      'footer',
      ...answers(wording, decide, ''),
      button(text('save'), (event) => decide('save', event, readWish(dialog)), '.strong.save'),
      consent.granted().length > 0 && button(text('withdraw'), (event) => decide('withdraw', event)),
    ),
  );
  dialog.setAttribute('aria-labelledby', 'preferences');
  dialog.onclose = close;
  return dialog;
}

/** What the switches say; a category of one service has a single switch for both. */
function readWish(dialog: HTMLElement): Wish {
  const wish: Wish = {categories: {}, services: {}};
  for (const {name, value, checked} of dialog.querySelectorAll('input')) {
    wish[name as keyof Wish][value] = checked;
  }
  return wish;
}

function categoryCard({id, required, reason, since}: Category, {bundle, wording, consent}: PreferencesOptions): HTMLElement {
  const {text} = wording;
  const services = bundle.services.filter(({category}) => category === id);
  const isSplit = !required && services.length > 1;
  const {state, has} = consent;
  const card = element(
    'div.card',
    element(
      'h3',
      required
        ? row(text(`category.${id}.title`), element('span.soft', text('always_active')))
        : row(text(`category.${id}.title`), makeSwitch('categories', id, has(id))),
    ),
    element(
      'p',
      newMark(wording, state, id, since),
      ' ',
      text(`category.${id}.text`),
      ' ',
      reason && text(`necessary_reason.${reason}`),
    ),
    services.length > 0 &&
      element(
        'details',
        element('summary', wording.count('services', services.length)),
        ...services.map((service) =>
          element(
            'div.service',
            element('h4', row(service.name, isSplit && makeSwitch('services', service.id, has(id, service.id)))),
            newMark(wording, state, id, service.since),
            ...serviceFacts(service, wording),
          ),
        ),
      ),
  );
  card.onchange = ({target}) => {
    const [whole, ...parts] = card.querySelectorAll('input');
    for (const part of parts) {
      part.checked = target === whole ? whole.checked : part.checked;
    }
    if (whole && target !== whole) {
      whole.checked = parts.some(({checked}) => checked);
    }
  };
  return card;
}

/** All of the row switches the switch in it. */
function row(name: string, control: Child): HTMLElement {
  return element('label', element('bdi', name), control);
}

function makeSwitch(name: keyof Wish, value: string, checked: boolean): HTMLInputElement {
  const input = Object.assign(element('input'), {type: 'checkbox', name, value, checked});
  input.setAttribute('role', 'switch');
  return input;
}

function aboutThisChoice({bundle, wording, consent: {state}}: PreferencesOptions): HTMLElement {
  const {text} = wording;
  const {controller, authority, storage_region, record_retention, policy} = bundle;
  const {name, address, contact, dpo} = controller;
  const ends = state ? Math.min(...optionalCategories(bundle).map(({id}) => choiceEnds(bundle, state, id))) : 0;
  return element(
    'div.card',
    element('h3', text('about')),
    facts(wording, {
      controller: element('span', [name, address].filter(Boolean).join(', '), contact && ', ', contact && contactLink(contact)),
      dpo: dpo && contactLink(dpo),
      authority: authority && link(authority.url, authority.name),
      storage_place: storage_region && wording.country(storage_region),
      retention: record_retention && wording.period(record_retention),
      expires: wording.period(bundle.reprompt_after),
      expires_on: ends > Date.now() && wording.date(ends),
      withdraw_title: text('withdraw_how'),
    }),
    policy && link(policy.url, text('policy')),
  );
}

/** An address of mail or of the web, shown as people write it. */
function contactLink(contact: string): Child {
  return link(contact, contact.replace('mailto:', ''));
}
