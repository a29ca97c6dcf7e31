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

/** As the page had it at first: a script that replaces it later would be handed what listens to the answers. */
const {apply} = Reflect;
const {addEventListener} = document;

interface Listening {
  /** Adds the listener, unless the element still has it. */
  hear?(): void;
}

/**
 * Gives an element a listener of its own: one for all would have to ask who was pressed, and a script of the page can change
 * the answer. The listener itself is no property, which such a script could call with an event of its own making.
 */
export function heard<Heard extends HTMLElement & Listening>(
  type: string,
  heed: (event: MouseEvent) => void,
  target: Heard,
): Heard {
  // A library that wraps listeners makes two of one that is added twice: each would be told of the same press.
  let told: MouseEvent | undefined;
  // biome-ignore lint/suspicious/noAssignInExpressions: the first part counts each byte.
  target.hear = () => apply(addEventListener, target, [type, (event: MouseEvent) => event !== told && heed((told = event))]);
  target.hear();
  return target;
}

/**
 * Makes what came back into the page do what it did: `document.open()` took the listeners, and a dialog that was taken out comes
 * back open, but no longer keeps out what is below it.
 */
export function revive(root: ParentNode): void {
  for (const each of root.querySelectorAll<HTMLDialogElement & Listening>('*')) {
    each.hear?.();
    if (each.open && each.showModal) {
      each.open = false;
      each.showModal();
    }
  }
}

/** Without looks of its own it has an outline. */
export function button(label: string, press: (event: MouseEvent) => void, kind: '' | `.${string}` = ''): HTMLButtonElement {
  return heard('click', press, element(`button${kind}`, label));
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
