/** What the page focuses must not lie under the banner. Source: WCAG 2.4.11 */

/** Of what is higher than the free side, so much in view is enough, in pixels: a control that a finger can press. */
const ENOUGH = 44;

/**
 * Scrolls it out from under the banner; where the page has no room left for that, the banner goes to the other edge; where it
 * covers the place from there too, it is made so low that from one of the edges it does not.
 */
export function uncover(target: Element, banner: HTMLElement): void {
  for (let turn = 0; turn < 4; turn++) {
    banner.classList.toggle('low', turn > 1);
    scrollBy({top: distance(target, banner), behavior: 'instant'});
    if (!distance(target, banner)) {
      return;
    }
    banner.classList.toggle('away');
  }
}

/** How far to scroll towards the wider free side, 0 where nothing is covered. Half of a narrow gap is left free. */
function distance(target: Element, banner: HTMLElement): number {
  const cover = banner.getBoundingClientRect();
  const box = target.getBoundingClientRect();
  const below = innerHeight - cover.bottom;
  if (box.bottom <= cover.top || box.top >= cover.bottom || box.right <= cover.left || box.left >= cover.right) {
    return 0;
  }
  if (box.height > Math.max(cover.top, below)) {
    const above = Math.min(box.bottom, cover.top) - Math.max(box.top, 0);
    const seen = Math.max(above, Math.min(box.bottom, innerHeight) - Math.max(box.top, cover.bottom));
    // There is nowhere to scroll it to, and the browser takes what is not finite for nowhere.
    return seen < Math.min(box.height, ENOUGH) ? Infinity : 0;
  }
  return cover.top > below
    ? box.bottom - cover.top + Math.min(16, cover.top / 2)
    : box.top - cover.bottom - Math.min(16, below / 2);
}
