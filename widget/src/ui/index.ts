/** Everything people see: one host element with an open shadow root, mounted when the page has a body. */
import type {Bundle, Published} from '../config';
import type {Consent} from '../consent';
import {choiceEnds, isNewTo, type Method, optionalCategories} from '../decision';
import {emit} from '../events';
import type {Face} from '../face';
import type {GateOptions} from '../gate';
import {button} from './answers';
import {createBanner} from './banner';
import {element} from './dom';
import {keepMounted} from './mount';
import {createPlaceholder, explain} from './placeholder';
import {createPreferences} from './preferences';
import {createWording} from './texts';
import {themeProperties} from './theme';
import {uncover} from './uncover';

/** The style sheet of the site's layout, as the server assembles it. */
declare const CONSENT_STYLE: string;

export interface Screen extends Face {
  /** The people's side acts through the consent; it is made after the screen. */
  connect(consent: Consent): void;
  /** Shows the question again, and puts the focus on it: someone asked for it. */
  show(): void;
  showPreferences(method?: Method): void;
  placeholder: GateOptions['placeholder'];
}

/** How long a passing announcement stays in view, in milliseconds; its text remains for assistive technology. */
const PASSING = 6000;

export function createScreen(first: Published): Screen {
  let bundle: Bundle = first.bundle;
  let wording = createWording(bundle);
  let consent: Consent;
  let banner: HTMLElement | undefined;
  let dialog: HTMLDialogElement | undefined;
  let pageFocus: EventTarget | null = null;
  let timer = 0;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CONSENT_STYLE);
  const host = document.createElement('consent-server');
  const mount = keepMounted(host);
  const root = host.attachShadow({mode: 'open'});
  root.adoptedStyleSheets = [sheet];
  const status = element('div', {class: 'status', role: 'status'});
  const reopen = button('', 'reopen', () => showPreferences());
  reopen.hidden = true;
  root.append(reopen, status);
  dress();
  host.addEventListener('focusin', (event) => {
    pageFocus = event.relatedTarget ?? pageFocus;
  });
  document.addEventListener('focusin', (event) => {
    banner && event.target !== host && uncover(event.target as Element, banner);
  });

  /** Language and theme of the bundle in force. */
  function dress(): void {
    host.lang = wording.language;
    host.dir = wording.direction;
    reopen.textContent = wording.text('reopen');
    const {style} = sheet.cssRules[0] as CSSStyleRule;
    for (const [name, value] of themeProperties(bundle.theme)) {
      style.setProperty(name, value);
    }
  }

  function ask(): void {
    closeDialog();
    const created = createBanner({
      bundle,
      wording,
      isNew,
      answer: (isAccepted, isTrusted) => answer('banner', isAccepted, isTrusted),
      choose: (isList) => showPreferences('preferences', isList),
    });
    banner?.remove();
    banner = created;
    root.prepend(created);
    reopen.hidden = true;
    mount(true);
    emit('shown', {layer: 'banner'});
  }

  function settle(): void {
    const hadFocus = root.activeElement !== null;
    closeDialog();
    banner?.remove();
    banner = undefined;
    reopen.hidden = optionalCategories(bundle).length === 0;
    status.classList.remove('above');
    mount(false);
    if (hadFocus) {
      const earlier = pageFocus as HTMLElement | null;
      earlier?.isConnected ? earlier.focus?.() : reopen.focus({preventScroll: true});
    }
  }

  function answer(method: Method, isAccepted: boolean, isTrusted: boolean): void {
    void consent.decide({action: isAccepted ? 'accept_all' : 'reject_all', method, isTrusted});
  }

  function isNew(category: string, since: number): boolean {
    return isNewTo(consent.state, category, since);
  }

  function showPreferences(method: Method = 'preferences', isList = false): void {
    closeDialog();
    const {state} = consent;
    const ends = state && optionalCategories(bundle).map(({id}) => choiceEnds(bundle, state, id));
    const created = createPreferences({
      bundle,
      wording,
      isOn: consent.has,
      isNew,
      ends: ends?.every((end) => end > Date.now()) ? Math.min(...ends) : undefined,
      answer: (isAccepted, isTrusted) => answer(method, isAccepted, isTrusted),
      save: (wish, isTrusted) => void consent.decide({action: 'save', method, wish, isTrusted}),
      withdraw:
        consent.granted().length > 0 ? (isTrusted) => void consent.decide({action: 'withdraw', method, isTrusted}) : undefined,
      close: closeDialog,
    });
    dialog = created;
    root.append(created);
    mount(banner !== undefined);
    created.showModal();
    if (isList) {
      created.querySelectorAll('details').forEach((details) => {
        details.open = true;
      });
      created.querySelector('details')?.scrollIntoView();
    }
    emit('shown', {layer: 'preferences'});
  }

  /** Closing decides nothing. The browser gives the focus back to the opener. */
  function closeDialog(): void {
    const closing = dialog;
    dialog = undefined;
    closing?.close();
    closing?.remove();
  }

  function say(slot: string, stays = false): void {
    clearTimeout(timer);
    const text = wording.text(slot);
    if (status.textContent !== text) {
      // The same words again would be read out again.
      status.textContent = text;
    }
    status.classList.toggle('above', banner !== undefined);
    mount(banner !== undefined);
    if (!stays) {
      timer = window.setTimeout(() => {
        status.textContent = '';
      }, PASSING);
    }
  }

  function show(): void {
    ask();
    banner?.querySelector('h2')?.focus();
  }

  function republish({bundle: newer}: Published): void {
    bundle = newer;
    wording = createWording(newer);
    dress();
  }

  function placeholder(frame: HTMLElement, _category: string, service?: string, earlier?: HTMLElement): HTMLElement {
    const standIn = earlier ?? createPlaceholder(frame, wording, sheet, () => showPreferences('placeholder'));
    const named = bundle.services.find(({id}) => id === service)?.name ?? frame.title;
    explain(standIn, wording.text('placeholder_text', {service: named || wording.text('placeholder_content')}));
    return standIn;
  }

  return {
    connect: (made) => {
      consent = made;
    },
    ask,
    settle,
    say,
    show,
    showPreferences,
    republish,
    language: () => wording.language,
    placeholder,
  };
}
