/**
 * Holds back what the page marked with `data-category` until its category is granted, and shows what is marked with
 * `data-category="!…"` until it is. Scripts run once, in document order; everything else comes and goes.
 */
import {painted, runScript} from './gate-script';

export interface Gate {
  /** Looks at the whole page again: after a choice, a withdrawal, an expiry. */
  apply(): void;
  /** Whether scripts of the category ran on this page: nothing stops them. */
  hasRun(category: string): boolean;
}

/** Attributes that are held back as `data-…`. */
const ADDRESSES = ['src', 'srcset', 'href', 'poster', 'data'];
/** A marked link or other element is left alone: content of the page's visitors may carry attributes. */
const MARKED = ':is(script,template,iframe,embed,object,img,source,track,video,audio,link)[data-category],consent-placeholder';

/** The stand-in for a frame that is held back; `earlier` is the one it has, brought up to date. */
export type Placeholder = (frame: HTMLElement, earlier: HTMLElement | undefined) => HTMLElement;

/**
 * @param isPending whether a grant is still being checked: until then nobody knows what it is not for
 * @param nonce the page's, empty without one; a marked script or template must carry the same
 */
export function startGate(
  allows: (category: string, service: string | undefined) => boolean,
  isPending: () => boolean,
  placeholder: Placeholder,
  nonce: string,
): Gate {
  /** Scripts that were run and templates that are shown. */
  const done = new WeakSet<HTMLElement>();
  const started = new Set<string>();
  /** Frame → its stand-in. */
  const standIns = new WeakMap<Node, HTMLElement>();
  const frames = new WeakMap<Element, HTMLElement>();
  const copies = new WeakMap<HTMLElement, ChildNode[]>();
  let scripts = Promise.resolve();

  /** Without any this fails, and the element stays held back. */
  const idsOf = ({dataset}: HTMLElement) => dataset.category?.match(/\S+/g) as string[];

  const note = (element: HTMLElement) => idsOf(element).forEach(started.add, started);

  /** Whether each of its categories says so. */
  function isAllowed(element: HTMLElement): boolean {
    const {service} = element.dataset;
    return idsOf(element).every((id) => (id[0] === '!' ? !isPending() && !allows(id.slice(1), service) : allows(id, service)));
  }

  /** Only for what the page's own author wrote. */
  const mayRun = (element: HTMLElement) => (!nonce || element.nonce === nonce) && isAllowed(element);

  function look(element: HTMLElement): void {
    const name = element.localName;
    if (name === 'script') {
      lookAtScript(element as HTMLScriptElement);
    } else if (name === 'template') {
      lookAtTemplate(element as HTMLTemplateElement);
    } else {
      setAddresses(element, isAllowed(element));
      lookAtFrame(element);
    }
  }

  function lookAtScript(script: HTMLScriptElement): void {
    if (script.type === 'text/plain' && !done.has(script) && mayRun(script)) {
      done.add(script);
      const run = () => {
        // Meanwhile the choice may have been taken back, or the script out of the page.
        if (script.isConnected && isAllowed(script)) {
          note(script);
          return runScript(script);
        }
        done.delete(script);
      };
      // The page's policy may forbid it.
      scripts = scripts.then(run).catch(() => {});
    }
  }

  function lookAtTemplate(template: HTMLTemplateElement): void {
    const isShown = mayRun(template);
    if (isShown === done.has(template)) {
      return;
    }
    const nodes = copies.get(template) ?? [...template.content.cloneNode(true).childNodes];
    copies.set(template, nodes);
    if (isShown) {
      done.add(template);
      template.content.querySelector('script') && note(template);
      template.after(...nodes);
    } else {
      done.delete(template);
      for (const node of nodes) {
        node.remove();
        standIns.get(node)?.remove();
      }
    }
  }

  /** A frame has a stand-in. Whoever used that goes on in the frame. */
  function lookAtFrame(frame: HTMLElement): void {
    const standIn = standIns.get(frame);
    if (isAllowed(frame)) {
      const hadFocus = standIn && standIn === document.activeElement;
      standIn?.replaceWith(frame);
      hadFocus && frame.focus();
    } else if (/^(iframe|embed|object)$/.test(frame.localName)) {
      const created = placeholder(frame, standIn);
      standIns.set(frame, created);
      frames.set(created, frame);
      frame.replaceWith(created);
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

  function apply(): void {
    scripts = scripts.then(painted);
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

/** Moves `data-src` and its like to the real attribute, or takes the real one away. */
function setAddresses(element: HTMLElement, isShown: boolean): void {
  for (const name of ADDRESSES) {
    const address = element.getAttribute(`data-${name}`);
    if (address === null) {
      continue;
    }
    // `javascript:` would turn an inert attribute into a script.
    const next = isShown && new URL(address, document.baseURI).protocol !== 'javascript:' ? address : null;
    if (next !== element.getAttribute(name)) {
      next === null ? element.removeAttribute(name) : element.setAttribute(name, next);
      // Otherwise it plays on without its address, or never notices a new source.
      (element.closest('video,audio') as HTMLMediaElement | null)?.load();
    }
  }
}
