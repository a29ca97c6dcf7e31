/** The bundle's texts in the visitor's language, and numbers, periods, dates and countries in its manner. */
import type {Bundle} from '../config';

export interface Wording {
  language: string;
  direction: 'ltr' | 'rtl';
  /** Fills `{name}`; a slot that the language lacks falls back to the site's default language. */
  text(slot: string, values?: Record<string, string>): string;
  count(slot: string, count: number): string;
  /** `P13M` → "13 months". */
  period(iso: string): string;
  country(code: string): string;
  date(time: number): string;
}

const UNITS: Record<string, string> = {Y: 'year', M: 'month', W: 'week', D: 'day', H: 'hour', m: 'minute', S: 'second'};

export function createWording(bundle: Bundle): Wording {
  const language = chooseLanguage(bundle);
  const texts = {...bundle.texts[bundle.languages.default], ...bundle.texts[language]};
  const direction = /^(ar|fa|he|ur)/.test(language) ? 'rtl' : 'ltr';
  // A browser that does not know the language would answer in its own; what belongs to no language is the better half.
  const isKnown = Intl.DisplayNames?.supportedLocalesOf(language).length > 0;
  const always: Record<string, string> = {
    // The sentence has its own full stop.
    controller: bundle.controller.name.replace(/\.$/, ''),
    reopen: texts.reopen ?? '',
    withdraw: texts.withdraw ?? '',
    categories: bundle.categories
      .filter(({gpc}) => gpc)
      .map(({id}) => texts[`category.${id}.title`])
      .join(', '),
  };

  function text(slot: string, values: Record<string, string> = {}): string {
    return (texts[slot] ?? '').replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name] ?? always[name] ?? '';
      // Names in another script must not turn the sentence around them.
      return direction === 'rtl' ? `\u2068${value}\u2069` : value;
    });
  }

  function unit(count: number, letter: string): string {
    return isKnown
      ? new Intl.NumberFormat(language, {style: 'unit', unit: String(UNITS[letter]), unitDisplay: 'long'}).format(count)
      : `${count} ${letter}`;
  }

  return {
    language,
    direction,
    text,
    period(iso) {
      // After the T, an M is minutes.
      const parts = iso.replace(/T.*/, (time) => time.replace('M', 'm')).matchAll(/(\d+)(\w)/g);
      return Array.from(parts, ([, count, letter]) => unit(Number(count), String(letter))).join(' ');
    },
    count(slot, count) {
      const form = `${slot}.${new Intl.PluralRules(language).select(count)}`;
      return text(form in texts ? form : `${slot}.other`, {count: String(count)});
    },
    country: (code) => (isKnown && new Intl.DisplayNames(language, {type: 'region'}).of(code)) || code,
    date: (time) =>
      isKnown
        ? new Intl.DateTimeFormat(language, {dateStyle: 'long', timeZone: 'UTC'}).format(time)
        : new Date(time).toISOString().slice(0, 10),
  };
}

/** The page's language, then the browser's, then the site's default. */
function chooseLanguage({languages, texts}: Bundle): string {
  for (const wanted of [document.documentElement.lang, ...navigator.languages]) {
    const tag = wanted.toLowerCase().replace(/^(no|nn)\b/, 'nb');
    const found = [tag, tag.split('-')[0]].find((name) => name && name in texts);
    if (found) {
      return found;
    }
  }
  return languages.default;
}
