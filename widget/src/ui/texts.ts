/**
 * The bundle's texts in the visitor's language; numbers, periods and countries are written out in them.
 * A page has one widget, which speaks one language at a time.
 */
import type {Bundle, Texts} from '../config';
import {utcDay} from '../decision';

export let language = '';
export let direction: 'ltr' | 'rtl' = 'ltr';
/** Between what is listed. */
export let comma = '';

let texts: Texts = {};
/** What some texts name besides what is counted or listed in them. */
let names: Texts = {};

/** Speaks the page's language, else the browser's, else the site's default, which also fills in for a slot that is missing. */
export function speak(bundle: Bundle): void {
  const standard = bundle.languages.default;
  const tags = [document.documentElement.lang, ...navigator.languages].flatMap((wanted) => {
    const tag = wanted.toLowerCase().replace(/^(no|nn)\b/, 'nb');
    return [tag, tag.split('-')[0] as string];
  });
  language = tags.find((tag) => tag in bundle.texts) ?? standard;
  direction = /^(ar|fa|he|ur)/.test(language) ? 'rtl' : 'ltr';
  comma = direction === 'rtl' ? '، ' : ', ';
  texts = {...bundle.texts[standard], ...bundle.texts[language]};
  names = {
    // The sentence has its own full stop.
    controller: bundle.controller.name.replace(/\.$/, ''),
    reopen: text('reopen'),
    withdraw: text('withdraw'),
  };
}

/** Takes in what did not travel with the page. */
export function learn(later: Record<string, Texts>): void {
  texts = {...later[language], ...texts};
}

/** Fills `{name}`. Names in another script must not turn the sentence around them. */
export function text(slot: string, values = names): string {
  const [before, after] = direction === 'rtl' ? ['\u2068', '\u2069'] : ['', ''];
  return (texts[slot] ?? '').replace(/\{(\w+)\}/g, (_, name: string) => before + (values[name] ?? '') + after);
}

/** A browser that does not know the language would answer in its own; what belongs to no language is the better half. */
export function date(time: number): string {
  return Intl.PluralRules.supportedLocalesOf(language)[0]
    ? new Date(time).toLocaleDateString(language, {dateStyle: 'long', timeZone: 'UTC'})
    : utcDay(time);
}
