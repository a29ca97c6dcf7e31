/** Everything people see: one host element with an open shadow root, mounted when the page has a body. */
import type {Bundle, Published} from '../config';
import type {Consent} from '../consent';
import {type Method, optionalCategories} from '../decision';
import {emit} from '../events';
import type {Face} from '../face';
import type {Placeholder} from '../gate';
import {createBanner} from './banner';
import {button, element, link, revive} from './dom';
import {keepMounted} from './mount';
import {placeholderOf} from './placeholder';
import {createPreferences} from './preferences';
import {direction, language, learn, speak, text} from './texts';
import {uncover} from './uncover';

/** The style sheet of the site's layout and theme, as the server assembles it. */
declare const CONSENT_STYLE: string;

export interface Screen extends Face {
  /** The people's side acts through the consent; it is made after the screen. */
  connect(consent: Consent): void;
  /** Shows the question again, and puts the focus on it: someone asked for it. */
  show(): void;
  showPreferences(method?: Method, isList?: boolean): void;
  placeholder: Placeholder;
}

/** How long a passing announcement stays in view, in milliseconds. */
const PASSING = 6000;

export function createScreen(first: Published): Screen {
  let bundle: Bundle;
  let consent: Consent;
  let banner: HTMLElement | undefined;
  let dialog: HTMLDialogElement | undefined;
  let pageFocus: EventTarget | null = null;
  let timer = 0;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CONSENT_STYLE);
  const host = document.createElement('consent-server');
  host.popover = 'manual';
  const mount = keepMounted(host, arrive);
  const root = host.attachShadow({mode: 'open'});
  root.adoptedStyleSheets = [sheet];
  // Its role is that of a status.
  const status = element('output');
  const reopen = button('', () => showPreferences(), '.reopen');
  reopen.hidden = true;
  root.append(reopen, status);
  republish(first);

  function arrive(): void {
    // `document.open()` takes all listeners from the document and from what is in it; one that is still there is not added twice.
    // Source: https://html.spec.whatwg.org/multipage/dynamic-markup-insertion.html#document-open-steps
    revive(root);
    document.addEventListener('click', heed);
    document.addEventListener('focusin', follow);
  }

  function heed(event: MouseEvent): void {
    const target = (event.composedPath()[0] as Element | undefined)?.closest?.('[data-consent]');
    const wish = target?.getAttribute('data-consent');
    if (wish === 'open') {
      showPreferences();
    } else if (wish === 'withdraw') {
      void consent.decide({action: 'withdraw', method: 'preferences', isTrusted: event.isTrusted});
    } else {
      return;
    }
    event.preventDefault();
  }

  function follow(event: FocusEvent): void {
    const target = event.composedPath()[0] as Element;
    const isSeen = target.matches(':focus-visible');
    if (event.target === host) {
      pageFocus = event.relatedTarget ?? pageFocus;
      // By the keyboard: under the pointer nothing may move.
      isSeen && banner?.classList.remove('low');
    } else {
      // What is pressed must not move away from under the pointer.
      banner && isSeen && uncover(target, banner);
    }
  }

  /** What is on the screen stays as it was until it is shown again. */
  function republish(published: Published): void {
    ({bundle} = published);
    speak(bundle);
    host.lang = language;
    host.dir = direction;
    reopen.textContent = text('reopen');
  }

  function ask(): void {
    close();
    banner?.remove();
    banner = createBanner(
      bundle,
      consent.state,
      (action, {isTrusted}) => void consent.decide({action, method: 'banner', isTrusted}),
      (isList) => showPreferences('preferences', isList),
    );
    root.prepend(banner);
    reopen.hidden = true;
    mount(true);
    emit('shown', {layer: 'banner'});
  }

  function settle(): void {
    const hadFocus = root.activeElement;
    close();
    banner?.remove();
    banner = undefined;
    reopen.hidden = !optionalCategories(bundle).length;
    mount(false);
    if (hadFocus) {
      const earlier = pageFocus as HTMLElement | null;
      (earlier?.isConnected ? earlier : reopen).focus?.({preventScroll: true});
    }
  }

  function showPreferences(method: Method = 'preferences', isList = false): void {
    close();
    dialog = createPreferences(
      bundle,
      consent,
      (action, {isTrusted}, wish) => void consent.decide({action, method, isTrusted, ...(wish && {wish})}),
    );
    mount(!!banner);
    root.append(dialog);
    dialog.showModal();
    if (isList) {
      const lists = dialog.querySelectorAll('details');
      for (const list of lists) {
        list.open = true;
      }
      lists[0]?.scrollIntoView();
    }
    emit('shown', {layer: 'preferences'});
  }

  /** Closing decides nothing. The browser gives the focus back to the opener. */
  function close(): void {
    dialog?.close();
    dialog?.remove();
  }

  function say(slot: string, stays = false, url?: string): boolean {
    clearTimeout(timer);
    const said = text(slot);
    // The same words again would be read out again.
    if (!(status.textContent as string).startsWith(said)) {
      status.replaceChildren(said, ' ', url ? (link(url, text('policy')) as Node) : '');
    }
    if (!stays) {
      timer = window.setTimeout(() => status.replaceChildren(), PASSING);
    }
    return said !== '';
  }

  return {
    connect: (made) => {
      consent = made;
    },
    ask,
    settle,
    say,
    learn,
    show() {
      ask();
      banner?.querySelector('h2')?.focus();
    },
    showPreferences,
    republish,
    language: () => language,
    placeholder: (frame, earlier) => placeholderOf(frame, earlier, bundle, sheet, consent, () => showPreferences('placeholder')),
  };
}
