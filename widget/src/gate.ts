/**
 * Holds back what the page marked with `data-category` until its category is granted.
 * Scripts run once, in document order; everything else comes and goes with the grant.
 */
import {runScript} from './gate-script';

/** What the gate asks and needs from outside. */
export interface GateOptions {
  allows(category: string, service: string | undefined): boolean;
  /** The stand-in for a frame that is held back; `earlier` is the one it has, brought up to date. */
  placeholder(frame: HTMLElement, category: string, service: string | undefined, earlier: HTMLElement | undefined): HTMLElement;
  /** The page's nonce, empty without one. A marked script or template must carry the same. */
  nonce: string;
}

export interface Gate {
  /** Looks at the whole page again: after a choice, a withdrawal, an expiry. */
  apply(): void;
  /** Whether scripts of the category ran on this page. */
  hasRun(category: string): boolean;
}

type Held = HTMLElement & {src?: string};

/** A marked link or other element is left alone: content of the page's visitors may carry attributes. */
const MARKED = ['script', 'template', 'iframe', 'img', 'source', 'video', 'audio', 'link']
  .map((name) => `${name}[data-category]`)
  .join();
/** Attributes that are held back as `data-…`. */
const ADDRESSES = ['src', 'srcset', 'href'];

export function startGate({allows, placeholder, nonce}: GateOptions): Gate {
  const ran = new WeakSet<Element>();
  const standIns = new Map<Held, HTMLElement>();
  const copies = new Map<Element, ChildNode[]>();
  const started = new Set<string>();
  let scripts = Promise.resolve();

  const isAllowed = (element: Held) => allows(element.dataset.category ?? '', element.dataset.service);
  const hasNonce = (element: Held) => nonce === '' || element.nonce === nonce;

  function look(element: Held): void {
    if (element instanceof HTMLScriptElement) {
      lookAtScript(element);
    } else if (element instanceof HTMLTemplateElement) {
      lookAtTemplate(element);
    } else if (element instanceof HTMLIFrameElement) {
      lookAtFrame(element);
    } else {
      setAddresses(element, isAllowed(element));
    }
  }

  function lookAtScript(script: HTMLScriptElement): void {
    if (script.type !== 'text/plain' || ran.has(script) || !hasNonce(script) || !isAllowed(script)) {
      return;
    }
    ran.add(script);
    started.add(script.dataset.category ?? '');
    // A choice can be taken back while an earlier script still loads.
    scripts = scripts.then(() => (isAllowed(script) ? runScript(script) : void ran.delete(script)));
  }

  function lookAtTemplate(template: HTMLTemplateElement): void {
    const isShown = template.nextSibling !== null && copies.get(template)?.[0] === template.nextSibling;
    if (isAllowed(template) && hasNonce(template)) {
      if (!isShown) {
        const nodes = copies.get(template) ?? [...document.importNode(template.content, true).childNodes];
        copies.set(template, nodes);
        template.after(...nodes);
      }
    } else {
      copies.get(template)?.forEach((node) => {
        node.remove();
      });
    }
  }

  function lookAtFrame(frame: HTMLIFrameElement): void {
    const standIn = standIns.get(frame);
    const {category = '', service} = frame.dataset;
    if (isAllowed(frame)) {
      standIns.delete(frame);
      setAddresses(frame, true);
      standIn?.replaceWith(frame);
    } else if (standIn) {
      placeholder(frame, category, service, standIn);
    } else if (frame.dataset.src) {
      const created = placeholder(frame, category, service, undefined);
      standIns.set(frame, created);
      frame.replaceWith(created);
      setAddresses(frame, false);
    }
  }

  function apply(): void {
    for (const frame of [...standIns.keys()]) {
      attempt(frame);
    }
    document.querySelectorAll<Held>(MARKED).forEach(attempt);
  }

  /** One broken tag must not hold up the others, nor throw at the page. */
  function attempt(element: Held): void {
    try {
      look(element);
    } catch {
      // It stays held back.
    }
  }

  const observer = new MutationObserver((records) => {
    for (const {target, type, addedNodes} of records) {
      for (const node of type === 'attributes' ? [target] : addedNodes) {
        if (node instanceof HTMLElement) {
          node.matches(MARKED) && attempt(node);
          node.querySelectorAll<Held>(MARKED).forEach(attempt);
        }
      }
    }
  });
  observer.observe(document, {childList: true, subtree: true, attributeFilter: ['data-category', 'data-src', 'data-href']});
  apply();
  return {apply, hasRun: (category) => started.has(category)};
}

/** Moves `data-src` and its like to the real attribute, or takes the real one away. */
function setAddresses(element: Held, isAllowed: boolean): void {
  for (const name of ADDRESSES) {
    const address = element.getAttribute(`data-${name}`);
    if (address === null) {
      continue;
    }
    if (!isAllowed) {
      element.removeAttribute(name);
    } else if (isFetched(address) && element.getAttribute(name) !== address) {
      element.setAttribute(name, address);
    }
  }
}

/** Whether the address is one to fetch: `javascript:` would turn an inert attribute into a script. */
function isFetched(address: string): boolean {
  try {
    return /^(https?|data|blob|about):$/.test(new URL(address, document.baseURI).protocol);
  } catch {
    return false;
  }
}
