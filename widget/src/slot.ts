/**
 * Names of texts. On their way to a page, those without a point are two characters long: in the script's data, where the
 * server writes them (consent_server/embed/slots.py), and in the code, where the build replaces every `slot('name')` and
 * `text('name')`. Names that are put together at run time have a point and stay as they are.
 */

/** Whether this code was built, and so knows texts by their short names. */
declare const IS_BUILT: boolean | undefined;

export const slot = (name: string): string => name;

/** The texts of one language as this code asks for them. */
export function asAsked(texts: Record<string, string>): Record<string, string> {
  const isShort = typeof IS_BUILT !== 'undefined';
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [isShort ? shortName(name) : name, text]));
}

/** A letter and a letter or digit that depend on the name alone, so that every build and every server agree. */
export function shortName(name: string): string {
  const hash = [...name].reduce((sum, character) => (sum * 3 + character.charCodeAt(0)) % 936, 1);
  return name.includes('.') ? name : (hash + 360).toString(36);
}
