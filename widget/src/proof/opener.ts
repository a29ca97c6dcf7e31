/**
 * Opens what is marked with `data-category` once its categories are granted, and closes it again. Scripts run once, in document
 * order; everything else comes and goes.
 */
import {ADDRESSES, type Lock} from '../gate';
import {fetchAhead} from './fetch-ahead';
import {painted, runScript} from './run-script';

/** @returns looks at one marked element: opens it, or holds it back */
export function createOpener({
  nonce,
  idsOf,
  isAllowed,
  hold,
  standIns,
  started,
  scriptPolicy,
}: Lock): (element: HTMLElement) => void {
  /** Scripts that were run and templates that are shown. */
  const done = new WeakSet<HTMLElement>();
  /** Template → what was in it. */
  const contents = new WeakMap<HTMLElement, ChildNode[]>();
  let scripts = Promise.resolve();
  /** When the browser has drawn the choice after which these scripts run. */
  let drawn = scripts;
  let inLine = 0;

  const note = (element: HTMLElement) => idsOf(element).forEach(started.add, started);

  /** Only for what the page's own author wrote. */
  const mayRun = (element: HTMLElement) => (!nonce || element.nonce === nonce) && isAllowed(element);

  function lookAtScript(script: HTMLScriptElement): void {
    if (script.type.toLowerCase() === 'text/plain' && !done.has(script) && mayRun(script)) {
      done.add(script);
      const run = () => {
        // Meanwhile the choice may have been taken back, or the script out of the page.
        if (script.isConnected && isAllowed(script)) {
          note(script);
          return runScript(script, scriptPolicy());
        }
        done.delete(script);
      };
      // Whoever pressed sees the answer first.
      if (inLine++) {
        void drawn.then(() => isAllowed(script) && fetchAhead(script));
      } else {
        scripts = drawn = painted();
      }
      // The page's policy may forbid it.
      scripts = scripts
        .then(run)
        .catch(() => {})
        .then(() => {
          inLine--;
        });
    }
  }

  function lookAtTemplate(template: HTMLTemplateElement): void {
    const isShown = mayRun(template);
    if (isShown === done.has(template)) {
      return;
    }
    // The nodes themselves: of a copy a browser no longer knows that the page's author wrote the scripts in it.
    const nodes = contents.get(template) ?? [...template.content.childNodes];
    if (isShown) {
      done.add(template);
      template.content.querySelector('script') && note(template);
      contents.set(template, nodes);
      template.after(...nodes);
    } else {
      done.delete(template);
      for (const node of nodes) {
        node.remove();
        standIns.get(node)?.remove();
      }
    }
  }

  function lookAtOther(element: HTMLElement): void {
    const isShown = isAllowed(element);
    setAddresses(element, isShown, scriptPolicy);
    if (isShown) {
      // Whoever used a frame's stand-in goes on in the frame.
      const standIn = standIns.get(element);
      const hadFocus = standIn && standIn === document.activeElement;
      standIn?.replaceWith(element);
      hadFocus && element.focus();
    } else {
      hold(element);
    }
  }

  return (element) => {
    const name = element.localName;
    if (name === 'script') {
      lookAtScript(element as HTMLScriptElement);
    } else if (name === 'template') {
      lookAtTemplate(element as HTMLTemplateElement);
    } else {
      lookAtOther(element);
    }
  };
}

/** Moves `data-src` and its like to the real attribute, or takes the real one away. */
function setAddresses(element: HTMLElement, isShown: boolean, scriptPolicy: Lock['scriptPolicy']): void {
  for (const name of ADDRESSES) {
    const address = element.getAttribute(`data-${name}`);
    if (address === null) {
      continue;
    }
    // `javascript:` would turn an inert attribute into a script.
    const next = isShown && new URL(address, document.baseURI).protocol !== 'javascript:' ? address : null;
    if (next !== element.getAttribute(name)) {
      if (next === null) {
        element.removeAttribute(name);
      } else {
        const isScript = element.matches('embed,object');
        element.setAttribute(name, isScript ? scriptPolicy().createScriptURL(next) : next);
      }
      // Otherwise it plays on without its address, or never notices a new source.
      (element.closest('video,audio') as HTMLMediaElement | null)?.load();
    }
  }
}
