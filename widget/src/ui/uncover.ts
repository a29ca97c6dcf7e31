/** What the page focuses must not lie under the banner. Source: WCAG 2.4.11 */

/** Scrolls it out from under the banner; where the page has no room left for that, the banner goes to the other edge. */
export function uncover(target: Element, banner: HTMLElement): void {
  for (let turn = 0; turn < 2; turn++) {
    scrollBy({top: distance(target, banner), behavior: 'instant'});
    distance(target, banner) && banner.classList.toggle('away');
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
  return cover.top > below
    ? box.bottom - cover.top + Math.min(16, cover.top / 2)
    : box.top - cover.bottom - Math.min(16, below / 2);
}
