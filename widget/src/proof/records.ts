/** Offers the visitor, in the second layer, the records about this browser. */
import type {Published} from '../config';
import type {Press} from '../consent';
import {nextNumber} from '../decision';
import {listen} from '../events';
import type {Face} from '../face';
import {slot} from '../slot';
import {button} from '../ui/dom';
import {fetchPublished} from './api';
import type {Holding} from './holding';
import {queue} from './queue';
import {showRecords} from './records-dialog';

/** @param decide carries out what is pressed there */
export function offerRecords(base: string, holding: Holding, face: Face, decide: (press: Press) => Promise<boolean>): void {
  const {site} = holding.published.bundle;
  let fetching: Promise<Published | undefined> | undefined;

  listen('shown', async ({layer}) => {
    const dialog = layer === 'preferences' && holding.state?.id ? openDialog() : undefined;
    // The words do not travel with the page.
    fetching = dialog && (fetching ?? fetchPublished(base, site));
    const published = await fetching;
    face.learn(published?.bundle.texts ?? {});
    const label = published?.bundle.texts[face.language()]?.[slot('records')];
    if (dialog && published && label) {
      // Where nothing moves when it comes: below what explains who is responsible.
      dialog.querySelector('.card:last-of-type')?.append(button(label, () => show(dialog, published)));
    }
  });

  function show(dialog: HTMLElement, {bundle}: Published): void {
    const id = holding.state?.id;
    if (id && dialog.isConnected) {
      showRecords({
        dialog,
        bundle,
        base,
        id,
        isGranted: holding.granted().length > 0,
        last: () => nextNumber(holding.state?.n, ...queue.waiting().map(({body}) => body.n)) - 1,
        withdraw: ({isTrusted}) => void decide({action: 'withdraw', method: 'preferences', isTrusted}),
        now: holding.now,
        forget,
        fail: () => face.say(slot('records_failed')),
      });
    }
  }

  /** The records are deleted. What is left is a no that names nobody, so that the visitor is not asked again at once. */
  function forget({isTrusted}: Event, said = ''): void {
    // What another tab wrote a moment ago is not to be found again by the next decision.
    holding.reread();
    queue.waiting().forEach(queue.dequeue);
    holding.forget();
    void decide({action: 'reject_all', method: 'preferences', isTrusted});
    // Words of the site's own are no text that ships; they stay to be read.
    face.learn({[face.language()]: {[said]: said}});
    face.say(said || slot('erased_status'), said !== '');
  }
}

/** What the page may have put under our name is no dialog that keeps the rest of the page out. */
function openDialog(): HTMLElement | undefined {
  const hosts = [...document.querySelectorAll('consent-server')];
  return hosts.map((host) => host.shadowRoot?.querySelector<HTMLElement>('dialog:modal')).find(Boolean) ?? undefined;
}
