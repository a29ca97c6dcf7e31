/** What stands where a held-back frame would be: which service it is, and the way to allow it. */
import {button, element} from './dom';
import {direction, language, text} from './texts';

/**
 * @param frame its class and measures carry over, so that the page keeps its shape
 * @param sheet the widget's style sheet
 */
export function createPlaceholder(frame: HTMLElement, sheet: CSSStyleSheet, open: () => void): HTMLElement {
  const host = document.createElement('consent-placeholder');
  host.className = frame.className;
  host.lang = language;
  host.dir = direction;
  const measures = new CSSStyleSheet();
  measures.replaceSync(':host{}');
  const {style} = measures.cssRules[0] as CSSStyleRule;
  for (const measure of ['width', 'height']) {
    const value = frame.getAttribute(measure) ?? '';
    if (/^\d+%?$/.test(value)) {
      style.setProperty(measure === 'width' ? 'width' : 'min-height', value.endsWith('%') ? value : `${value}px`);
    }
  }
  const root = host.attachShadow({mode: 'open'});
  root.adoptedStyleSheets = [sheet, measures];
  root.append(element('div.placeholder', element('p'), button(text('placeholder_allow'), open)));
  return host;
}

/** What the frame waits for; it changes while the frame is held back, and whoever uses its button keeps the focus. */
export function explain(placeholder: HTMLElement, words: string): void {
  const line = placeholder.shadowRoot?.querySelector('p');
  if (line) {
    line.textContent = words;
  }
}
