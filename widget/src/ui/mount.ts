/** Keeps the host element in the page: first in its order while the question stands, last otherwise. */

/** How long after the page removed it the host comes back, in milliseconds; not at once, so that two scripts cannot chase each other. */
const RETURN = 100;

/** @returns puts the host in its place, as soon as there is a body */
export function keepMounted(host: HTMLElement): (isFirst: boolean) => void {
  let wanted: boolean | undefined;

  function mount(): void {
    const {body} = document;
    if (body && wanted !== undefined && (!host.isConnected || wanted !== (body.firstElementChild === host))) {
      body[wanted ? 'prepend' : 'append'](host);
    }
  }

  new MutationObserver(() => host.isConnected || setTimeout(mount, RETURN)).observe(document, {childList: true, subtree: true});

  return (isFirst) => {
    wanted = isFirst;
    mount();
  };
}
