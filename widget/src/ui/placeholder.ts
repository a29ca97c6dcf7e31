/** What stands where a held-back frame would be: which service it is, and the ways to allow it. */
import type {Bundle} from '../config';
import type {Consent} from '../consent';
import {button, element, named, revive} from './dom';
import {direction, language, text} from './texts';

/**
 * A frame of a service can be shown once or always; one of no service that is known leads to the choices alone, because
 * nobody who wants to see it has asked for the rest of its category.
 *
 * @param frame its class, style and measures carry over, so that the page keeps its shape
 * @param earlier brought up to date; whoever uses its buttons keeps the focus
 * @param sheet the widget's style sheet
 * @param open opens the second layer
 */
export function placeholderOf(
  frame: HTMLElement,
  earlier: HTMLElement | undefined,
  bundle: Bundle,
  sheet: CSSStyleSheet,
  consent: Consent,
  open: () => void,
): HTMLElement {
  const {category = '', service: id} = frame.dataset;
  const host = earlier ?? document.createElement('consent-placeholder');
  if (category.includes('!')) {
    return host;
  }
  const root = host.shadowRoot ?? host.attachShadow({mode: 'open'});
  if (!earlier) {
    root.adoptedStyleSheets = [sheet, measuresOf(frame)];
    host.className = frame.className;
    host.style.cssText = frame.style.cssText;
  }
  host.lang = language;
  host.dir = direction;
  const service = bundle.services.find((candidate) => candidate.id === id && candidate.category === category);
  const name = {service: service?.name || frame.title || text('placeholder_content')};
  const content = named(
    element(
      'div.placeholder',
      Object.assign(element('p', text('placeholder_text', name)), {id: 'title'}),
      service && button(text('placeholder_once'), ({isTrusted}) => void consent.showOnce(service.id, isTrusted)),
      service &&
        button(text('placeholder_always', name), ({isTrusted}) => {
          const wish = {categories: {}, services: {[service.id]: true}};
          void consent.decide({action: 'save', method: 'placeholder', wish, isTrusted});
        }),
      button(text('placeholder_allow'), open),
    ),
    'title',
  );
  // Only what has a role has a name.
  content.role = 'group';
  root.firstChild?.isEqualNode(content) || root.replaceChildren(content);
  revive(root);
  return host;
}

/** The width, and the height at least: the text may need more. Without them a frame has measures of its own. */
function measuresOf(frame: HTMLElement): CSSStyleSheet {
  const measure = (name: string, otherwise: string) =>
    /^\d+%?$/.exec(frame.getAttribute(name) ?? '')?.[0].replace(/\d$/, '$&px') ?? otherwise;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:host{width:${measure('width', 'auto')};min-height:${measure('height', '150px')}}`);
  return sheet;
}
