/** Builds elements without markup. */
import {isNewTo, type State} from '../decision';
import {text} from './texts';

export type Child = Node | string | false | null | undefined;

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
  return Object.assign(element(`button${kind}`, label), {onclick});
}

/** A link to another site, or its text alone when the address is no address of the web. */
export function link(href: string | undefined, label: string): Child {
  return /^(https?|mailto):/.test(href ?? '')
    ? Object.assign(element('a', label), {href, target: '_blank', rel: 'noreferrer'})
    : label;
}

/** A heading that the element is named by, and that can be given the focus; it takes none by itself. */
export function title(id: string): HTMLHeadingElement {
  return Object.assign(element('h2', text(id)), {id, tabIndex: -1});
}

/** Names an element by the heading in it. */
export function named<Named extends HTMLElement>(created: Named, id: string): Named {
  created.setAttribute('aria-labelledby', id);
  return created;
}

/** Terms and their descriptions; a term that has none is left out. */
export function facts(descriptions: Record<string, Child>): HTMLElement {
  return element(
    'dl',
    ...Object.entries(descriptions).flatMap(([slot, description]) =>
      description ? [element('dt', text(slot)), element('dd', description)] : [],
    ),
  );
}

/** Marks what changed materially since the visitor last chose, so that nobody has to compare. */
export function newMark(state: State | undefined, category: string, since: number): Child {
  return isNewTo(state, category, since) && element('mark', text('new_or_changed'));
}
