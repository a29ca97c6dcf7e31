/**
 * Keeps the host element in the page: first in its order while the question stands, and until the next page, where it is last:
 * what has the focus is not moved away under it, and a press is answered without the page being built anew.
 */

/**
 * How long after the page removed it the host comes back, in milliseconds, and by how much that grows each time: two scripts cannot
 * chase each other.
 */
const RETURN = 100;

/**
 * @param arrived it was put there, perhaps after the page had taken it out
 * @returns puts the host in its place, as soon as there is a body
 */
export function keepMounted(host: HTMLElement, arrived: () => void): (isFirst: boolean) => void {
  let wanted = false;
  let pause = 0;
  let isPlanned = false;

  function mount(): void {
    const {body} = document;
    isPlanned = false;
    if (body && (!host.isConnected || (wanted && body.firstElementChild !== host))) {
      body[wanted ? 'prepend' : 'append'](host);
      // Above everything of the page, and away from what its styles do to the body: a transform would take it along.
      host.showPopover?.();
      pause += RETURN;
      arrived();
    }
  }

  new MutationObserver(() => {
    if (!host.isConnected && !isPlanned) {
      isPlanned = true;
      setTimeout(mount, pause);
    }
  }).observe(document, {childList: true, subtree: true});

  return (isFirst) => {
    wanted = isFirst;
    mount();
  };
}
