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

const UNITS: Record<string, string> = {Y: 'year', M: 'month', W: 'week', D: 'day', H: 'hour', S: 'second'};

export function createWording(bundle: Bundle): Wording {
  const language = chooseLanguage(bundle);
  const texts = {...bundle.texts[bundle.languages.default], ...bundle.texts[language]};
  const direction = /^(ar|fa|he|ur)\b/.test(language) ? 'rtl' : 'ltr';
  // Names in another script must not turn the sentence around them.
  const isolate = (value: string) => (direction === 'rtl' ? `\u2068${value}\u2069` : value);

  function text(slot: string, values: Record<string, string> = {}): string {
    return (texts[slot] ?? '').replace(/\{(\w+)\}/g, (_, name: string) => isolate(values[name] ?? ''));
  }

  function period(iso: string): string {
    const [date = '', time = ''] = iso.split('T');
    const parts = [...date.matchAll(/(\d+)([YMWD])/g), ...time.matchAll(/(\d+)([HMS])/g)];
    return parts
      .map(([part, count, unit = '']) => {
        const name = unit === 'M' && time.includes(String(part)) ? 'minute' : UNITS[unit];
        return new Intl.NumberFormat(language, {style: 'unit', unit: String(name), unitDisplay: 'long'}).format(Number(count));
      })
      .join(' ');
  }

  return {
    language,
    direction,
    text,
    period,
    count(slot, count) {
      const form = `${slot}.${new Intl.PluralRules(language).select(count)}`;
      return text(form in texts ? form : `${slot}.other`, {count: String(count)});
    },
    country(code) {
      try {
        return new Intl.DisplayNames(language, {type: 'region'}).of(code) ?? code;
      } catch {
        return code;
      }
    },
    date: (time) => new Intl.DateTimeFormat(language, {dateStyle: 'long', timeZone: 'UTC'}).format(time),
  };
}

/** The page's language, then the browser's, then the site's default. */
function chooseLanguage({languages, texts}: Bundle): string {
  const known = Object.keys(texts);
  for (const wanted of [document.documentElement.lang, ...navigator.languages]) {
    const tag = wanted.toLowerCase().replace(/^(no|nn)\b/, 'nb');
    const found = known.find((name) => name.toLowerCase() === tag) ?? known.find((name) => name === tag.split('-')[0]);
    if (found) {
      return found;
    }
  }
  return languages.default;
}
