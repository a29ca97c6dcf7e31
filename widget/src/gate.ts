/**
 * Holds back what the page marked with `data-category` until its category is granted, and shows what is marked with
 * `data-category="!…"` until it is. This part denies, and puts stand-ins where frames would be; what opens comes with the
 * second part, fetched as soon as something may be opened.
 */
import {PAUSE} from './part';
import type {ProofPart} from './proof';
import {trusted} from './trusted';

export interface Gate {
  /** Looks at the whole page again: after a choice, a withdrawal, an expiry. */
  apply(): void;
  /** Whether scripts of the category ran on this page: nothing stops them. */
  hasRun(category: string): boolean;
}

/** What the second part opens with. */
export interface Lock {
  /** The page's, empty without one; a marked script or template must carry the same. */
  nonce: string;
  /** The categories that an element is marked with. */
  idsOf(element: HTMLElement): string[];
  /** Whether each of them says so. */
  isAllowed(element: HTMLElement): boolean;
  /** Puts the stand-in in the place of a frame. */
  hold(frame: HTMLElement): void;
  /** Frame → its stand-in. */
  standIns: WeakMap<Node, HTMLElement>;
  /** Categories of which scripts ran. */
  started: Set<string>;
  /** A page may allow its policy to be made once. */
  scriptPolicy: typeof trusted;
}

/** Attributes that are held back as `data-…`. */
export const ADDRESSES = ['src', 'srcset', 'href', 'poster', 'data'];
/** A marked link or other element is left alone: content of the page's visitors may carry attributes. */
const MARKED = ':is(script,template,iframe,embed,object,img,source,track,video,audio,link)[data-category],consent-placeholder';

/** The stand-in for a frame that is held back; `earlier` is the one it has, brought up to date. */
export type Placeholder = (frame: HTMLElement, earlier: HTMLElement | undefined) => HTMLElement;

/**
 * @param isPending whether a grant is still being checked: until then nobody knows what it is not for
 * @param load brings the second part
 */
export function startGate(
  allows: (category: string, service: string | undefined) => boolean,
  isPending: () => boolean,
  placeholder: Placeholder,
  nonce: string,
  load: () => Promise<ProofPart | undefined>,
): Gate {
  const started = new Set<string>();
  const standIns = new WeakMap<Node, HTMLElement>();
  const frames = new WeakMap<Element, HTMLElement>();
  let open: ((element: HTMLElement) => void) | undefined;
  let isOpening = false;

  /** Without any this fails, and the element stays held back. */
  const idsOf = ({dataset}: HTMLElement) => dataset.category?.match(/\S+/g) as string[];

  function isAllowed(element: HTMLElement): boolean {
    // `dataset` also finds what the page has taught all objects.
    const service = element.getAttribute('data-service') ?? undefined;
    return idsOf(element).every((id) => (id[0] === '!' ? !isPending() && !allows(id.slice(1), service) : allows(id, service)));
  }

  function hold(frame: HTMLElement): void {
    if (frame.matches('iframe,embed,object')) {
      const created = placeholder(frame, standIns.get(frame));
      standIns.set(frame, created);
      frames.set(created, frame);
      frame.replaceWith(created);
    }
  }

  async function fetchOpener(): Promise<void> {
    const part = await load();
    open ??= part?.createOpener({nonce, idsOf, isAllowed, hold, standIns, started, scriptPolicy: trusted});
    open ? lookBelow(document.documentElement) : setTimeout(apply, PAUSE);
  }

  function look(element: HTMLElement): void {
    if (open) {
      open(element);
    } else if (!isAllowed(element)) {
      hold(element);
    } else if (!isOpening) {
      isOpening = true;
      void fetchOpener();
    }
  }

  /** One broken tag must not hold up the others, nor throw at the page: it stays held back. */
  function attempt(element: Element): void {
    try {
      const held = frames.get(element) ?? element;
      held instanceof HTMLElement && held.matches(MARKED) && look(held);
    } catch {}
  }

  /** A form's own methods may be hidden behind fields of their names. */
  function lookBelow(root: Node | null): void {
    if (root instanceof Element) {
      attempt(root);
      Element.prototype.querySelectorAll.call(root, MARKED).forEach(attempt);
    }
  }

  /** What could not be fetched is worth another try after a choice, and after a while. */
  function apply(): void {
    isOpening = false;
    lookBelow(document.documentElement);
  }

  new MutationObserver((records) => {
    for (const {target, type, addedNodes} of records) {
      type === 'childList' ? addedNodes.forEach(lookBelow) : attempt(target as Element);
    }
  }).observe(document, {
    childList: true,
    subtree: true,
    attributeFilter: ['category', 'service', ...ADDRESSES].map((name) => `data-${name}`),
  });
  apply();
  return {apply, hasRun: (id) => started.has(id)};
}
