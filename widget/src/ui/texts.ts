/**
 * The bundle's texts in the visitor's language, and numbers, periods, dates and countries in its manner.
 * A page has one widget, which speaks one language at a time.
 */
import type {Bundle, Texts} from '../config';

export let language = '';
export let direction: 'ltr' | 'rtl' = 'ltr';

let texts: Texts = {};
/** What some texts name besides what is counted or listed in them. */
let names: Texts = {};
/** A browser that does not know the language would answer in its own; what belongs to no language is the better half. */
let isKnown = false;

const UNITS: Texts = {Y: 'year', M: 'month', W: 'week', D: 'day', H: 'hour', m: 'minute', S: 'second'};

/** Speaks the page's language, else the browser's, else the site's default, which also fills in for a slot that is missing. */
export function speak(bundle: Bundle): void {
  const standard = bundle.languages.default;
  const tags = [document.documentElement.lang, ...navigator.languages].flatMap((wanted) => {
    const tag = wanted.toLowerCase().replace(/^(no|nn)\b/, 'nb');
    return [tag, tag.split('-')[0] as string];
  });
  language = tags.find((tag) => tag in bundle.texts) ?? standard;
  direction = /^(ar|fa|he|ur)/.test(language) ? 'rtl' : 'ltr';
  isKnown = Intl.DisplayNames.supportedLocalesOf(language).length > 0;
  texts = {...bundle.texts[standard], ...bundle.texts[language]};
  names = {
    // The sentence has its own full stop.
    controller: bundle.controller.name.replace(/\.$/, ''),
    reopen: text('reopen'),
    withdraw: text('withdraw'),
    categories: bundle.categories
      .filter(({gpc}) => gpc)
      .map(({id}) => text(`category.${id}.title`))
      .join(', '),
  };
}

/** Fills `{name}`. Names in another script must not turn the sentence around them. */
export function text(slot: string, values = names): string {
  const [before, after] = direction === 'rtl' ? ['\u2068', '\u2069'] : ['', ''];
  return (texts[slot] ?? '').replace(/\{(\w+)\}/g, (_, name: string) => before + (values[name] ?? '') + after);
}

export function count(slot: string, number: number): string {
  const form = `${slot}.${new Intl.PluralRules(language).select(number)}`;
  return text(form in texts ? form : `${slot}.other`, {count: String(number)});
}

/** `P13M` → "13 months". */
export function period(iso: string): string {
  // After the T, an M is minutes.
  const parts = iso.replace(/T.*/, (time) => time.replace('M', 'm')).matchAll(/(\d+)(\w)/g);
  return Array.from(parts, ([, number, letter]) =>
    isKnown
      ? Number(number).toLocaleString(language, {style: 'unit', unit: UNITS[String(letter)], unitDisplay: 'long'})
      : `${number} ${letter}`,
  ).join(' ');
}

export function country(code: string): string {
  return (isKnown && new Intl.DisplayNames(language, {type: 'region'}).of(code)) || code;
}

export function date(time: number): string {
  const day = new Date(time);
  return isKnown ? day.toLocaleDateString(language, {dateStyle: 'long', timeZone: 'UTC'}) : day.toISOString().slice(0, 10);
}
