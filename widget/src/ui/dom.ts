/** Builds elements without markup. */

export type Child = Node | string | number | false | null | undefined;

/** @param selector a tag, and after dots its classes. Children that are empty are left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  selector: Tag | `${Tag}.${string}`,
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const [tag, ...classes] = selector.split('.') as [Tag, ...string[]];
  const created = document.createElement(tag);
  created.classList.add(...classes);
  created.append(...(children.filter(Boolean) as (Node | string)[]));
  return created;
}

/** A button without looks of its own has an outline. */
export function button(label: string, onclick: (event: MouseEvent) => void, kind: '' | `.${string}` = ''): HTMLButtonElement {
  return Object.assign(element(`button${kind}` as 'button', label), {onclick});
}

/** A link to another site, or its text alone when the address is no address of the web. */
export function link(href: string | undefined, text: string): Child {
  return /^(https?|mailto):/.test(href ?? '')
    ? Object.assign(element('a', text), {href, target: '_blank', rel: 'noreferrer'})
    : text;
}
