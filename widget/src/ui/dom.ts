/** Builds elements without markup: attributes, listeners and text only. */

type Attributes = Record<string, string | boolean | number | ((event: Event) => void) | undefined>;

/** Functions become listeners, `true` an empty attribute; `false` and `undefined` are left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string | false | undefined)[]
): HTMLElementTagNameMap[Tag] {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      created.addEventListener(name, value);
    } else if (value !== undefined && value !== false) {
      created.setAttribute(name, value === true ? '' : String(value));
    }
  }
  created.append(...children.filter((child): child is Node | string => Boolean(child)));
  return created;
}

/** A link to another site, or its text alone when the address is no web address. */
export function link(url: string | undefined, text: string): HTMLElement {
  return /^(https?:\/\/|mailto:)/i.test(url ?? '')
    ? element('a', {href: url, target: '_blank', rel: 'noopener noreferrer'}, text)
    : element('span', {}, text);
}
