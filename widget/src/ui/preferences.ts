/** The second layer: a switch for each category and, where there are several, for each service; and who answers for it. */
import type {Bundle, Category} from '../config';
import {optionalCategories, type Wish} from '../decision';
import {type Answer, answers, button} from './answers';
import {element, link} from './dom';
import {newMark} from './new-mark';
import {fact, serviceEntry} from './services';
import type {Wording} from './texts';

export interface PreferencesOptions {
  bundle: Bundle;
  wording: Wording;
  /** What holds now; all off when nothing was decided. */
  isOn(category: string, service?: string): boolean;
  /** Changed since an earlier choice. */
  isNew(category: string, since: number): boolean;
  /** When the present choice ends; undefined without one. */
  ends: number | undefined;
  answer: Answer;
  save(wish: Wish, isTrusted: boolean): void;
  /** Undefined while there is nothing to withdraw. */
  withdraw: ((isTrusted: boolean) => void) | undefined;
  close(): void;
}

export function createPreferences(options: PreferencesOptions): HTMLDialogElement {
  const {bundle, wording, withdraw} = options;
  const {text} = wording;
  const switches = new Map<string, HTMLInputElement>();
  const wish = (): Wish => {
    const on = (id: string) => switches.get(id)?.checked === true;
    const services = bundle.services.filter(({id}) => switches.has(`/${id}`));
    return {
      categories: Object.fromEntries(optionalCategories(bundle).map(({id}) => [id, on(id)])),
      services: Object.fromEntries(services.map(({id}) => [id, on(`/${id}`)])),
    };
  };
  return element(
    'dialog',
    {class: 'preferences', 'aria-labelledby': 'preferences-title', close: options.close},
    element(
      'div',
      {class: 'head'},
      element('h2', {id: 'preferences-title', tabindex: -1, autofocus: true}, text('preferences_title')),
      element(
        'button',
        {type: 'button', class: 'close', 'aria-label': text('close'), click: options.close},
        element('span', {}, '×'),
      ),
    ),
    element(
      'div',
      {class: 'scroll'},
      element('p', {}, text('preferences_intro')),
      ...bundle.categories.map((category) => categoryCard(category, options, switches)),
      aboutThisChoice(options),
    ),
    element(
      'div',
      {class: 'actions'},
      ...answers(wording, options.answer),
      button(text('save'), 'answer save', (event) => options.save(wish(), event.isTrusted)),
      withdraw && button(text('withdraw'), 'plain', (event) => withdraw(event.isTrusted)),
    ),
  );
}

function categoryCard(category: Category, options: PreferencesOptions, switches: Map<string, HTMLInputElement>): HTMLElement {
  const {bundle, wording, isOn, isNew} = options;
  const {text} = wording;
  const services = bundle.services.filter((service) => service.category === category.id);
  const title = text(`category.${category.id}.title`);
  const ids = category.required || services.length < 2 ? [] : services.map(({id}) => `/${id}`);
  const control = category.required
    ? element('span', {class: 'always'}, text('always_active'))
    : makeSwitch(category.id, title, isOn(category.id), (isChecked) => {
        for (const id of ids) {
          (switches.get(id) as HTMLInputElement).checked = isChecked;
        }
      });
  const entries = services.map((service) => {
    const change = () => {
      (switches.get(category.id) as HTMLInputElement).checked = ids.some((id) => switches.get(id)?.checked);
    };
    const own = ids.length > 0 && makeSwitch(`/${service.id}`, service.name, isOn(category.id, service.id), change);
    return serviceEntry(service, wording, isNew(category.id, service.since), own || undefined);
  });

  function makeSwitch(id: string, name: string, checked: boolean, change: (isChecked: boolean) => void): HTMLElement {
    const input = element('input', {type: 'checkbox', role: 'switch', 'aria-label': name, change: () => change(input.checked)});
    input.checked = checked;
    switches.set(id, input);
    return element('label', {class: 'switch'}, input);
  }

  return element(
    'section',
    {class: 'card'},
    element(
      'div',
      {class: 'row'},
      element('h3', {}, title, ' ', isNew(category.id, category.since) && newMark(wording)),
      control,
    ),
    element('p', {}, text(`category.${category.id}.text`)),
    category.required && category.reason ? element('p', {class: 'fine'}, text(`necessary_reason.${category.reason}`)) : undefined,
    entries.length > 0 &&
      element('details', {}, element('summary', {}, wording.count('services', entries.length)), element('ul', {}, ...entries)),
  );
}

function aboutThisChoice({bundle, wording, ends}: PreferencesOptions): HTMLElement {
  const {text} = wording;
  const {name, address, contact, dpo} = bundle.controller;
  const names = {reopen: text('reopen'), withdraw: text('withdraw')};
  return element(
    'section',
    {class: 'card about'},
    element('h3', {}, text('about')),
    element(
      'dl',
      {},
      ...fact(
        text('controller'),
        element('span', {}, [name, address].filter(Boolean).join(', '), contact && ', ', contact && contactLink(contact)),
      ),
      ...fact(text('dpo'), dpo && contactLink(dpo)),
      ...fact(text('authority'), bundle.authority && link(bundle.authority.url, bundle.authority.name)),
      ...fact(text('storage_place'), bundle.storage_region && wording.country(bundle.storage_region)),
      ...fact(text('retention'), bundle.record_retention && wording.period(bundle.record_retention)),
      ...fact(text('expires'), wording.period(bundle.reprompt_after)),
      ...fact(text('expires_on'), ends !== undefined && wording.date(ends)),
      ...fact(text('withdraw_title'), text('withdraw_how', names)),
    ),
    bundle.policy && link(bundle.policy.url, text('policy')),
  );
}

/** An address of mail or of the web, shown as people write it. */
function contactLink(contact: string): HTMLElement {
  return link(contact, contact.replace(/^mailto:/, ''));
}
