/**
 * The visitor sees the records about this browser, takes a copy, withdraws, and deletes them.
 * Source: GDPR Art. 15, 17 and 20; Art. 11(2), by possession of the identifier.
 */
import type {Bundle} from '../config';
import {slot} from '../slot';
import {button, type Child, element, facts, heard, named, title} from '../ui/dom';
import {date, language, speak, text} from '../ui/texts';
import {keptBy, told} from './kept';
import {listed} from './listed';
import {type ConsentRecord, download, erase, fetchRecords} from './records-api';

export interface RecordsContext {
  /** The second layer; the records are shown above it. */
  dialog: HTMLElement;
  /** With all of its texts. */
  bundle: Bundle;
  base: string;
  /** The bearer secret of the records. */
  id: string;
  isGranted: boolean;
  /** The highest number given to a decision, whether it has arrived or not. */
  last(): number;
  withdraw(event: Event): void;
  /** Milliseconds, as the server's clock. */
  now(): number;
  /** They are deleted: nothing on this device is to name them any more. `said`: what is to be said of it. */
  forget(event: Event, said?: string): void;
  /** They could not be deleted, and the visitor has left. */
  fail(): void;
}

export function showRecords(context: RecordsContext): void {
  const {dialog: below, bundle, base, id, isGranted, withdraw, forget} = context;
  speak(bundle);
  const place = `${base}/v1/sites/${bundle.site}/me`;
  const leave = button('×', close);
  leave.setAttribute('aria-label', text('close'));
  const heading = Object.assign(title(slot('records')), {autofocus: true});
  const list = element('div.text', element('p', text('records_intro')));
  const foot = element('div.foot');
  const dialog = element('dialog', element('div.head', heading, leave), list, foot);
  // Words that are read out when they come.
  const failure = Object.assign(element('p'), {role: 'alert'});

  function close(): void {
    dialog.close();
    dialog.remove();
  }

  function fail(): void {
    list.prepend(failure);
    failure.textContent = text('records_failed');
  }

  function offer(): void {
    const copy = (label: string, format: string) =>
      button(label, async () => (await download(place, id, format, `consent-${bundle.site}`)) || fail());
    const end = (event: Event) => {
      close();
      withdraw(event);
    };
    foot.replaceChildren(
      copy(text('records_table'), 'csv'),
      copy(text('records_data'), 'jsonld'),
      ...(isGranted ? [button(text('withdraw'), end)] : []),
      button(text('erase'), confirm, isGranted ? '' : '.wide'),
    );
  }

  /** One more step: what is deleted does not come back. */
  function confirm(): void {
    const no = button(text('erase_no'), () => {
      offer();
      (foot.lastElementChild as HTMLElement).focus();
    });
    const yes = button(text('erase_yes'), async (event) => {
      // It is on its way: nothing keeps them any more, and the focus stays where it can be seen.
      yes.disabled = no.disabled = true;
      heading.focus();
      const erased = event.isTrusted && (await erase(place, id, context.last()));
      if (erased) {
        close();
        forget(event, erased.kept && `${text('erased_status')} ${told(erased.kept)}`);
      } else if (!dialog.isConnected) {
        context.fail();
      } else {
        offer();
        fail();
      }
    });
    const kept = keptBy(bundle, context.now());
    const warning = element('p.wide', text('erase_confirm'), ...(kept ? [element('br'), told(kept)] : []));
    foot.replaceChildren(Object.assign(warning, {role: 'alert'}), no, yes);
    no.focus();
  }

  async function fill(): Promise<void> {
    const records = await fetchRecords(place, id);
    records ? list.append(...records.map(card)) : fail();
  }

  offer();
  heard('close', close, dialog);
  below.after(named(dialog, slot('records')));
  dialog.showModal();
  void fill();
}

function card({event, corrects, recorded_at, expires_at, categories}: ConsentRecord): HTMLElement {
  const titles = (granted: boolean): Child =>
    listed(
      Object.keys(categories)
        .filter((id) => categories[id]?.granted === granted)
        .map((id) => text(`category.${id}.title`)),
      language,
    );
  return element(
    'div.card',
    element('h3', text(`event.${corrects ? 'corrected' : event}`)),
    element('p', timeOf(recorded_at)),
    facts({
      [slot('records_allowed')]: titles(true),
      [slot('records_refused')]: titles(false),
      [slot('expires_on')]: date(Date.parse(expires_at)),
    }),
  );
}

/** In the visitor's own time zone. */
function timeOf(instant: string): string {
  const known = Intl.DateTimeFormat.supportedLocalesOf(language)[0];
  return new Date(instant).toLocaleString(known, {dateStyle: 'long', timeStyle: 'medium'});
}
