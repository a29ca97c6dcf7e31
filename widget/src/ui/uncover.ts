/** What the page focuses must not lie under the banner. Source: WCAG 2.4.11 */
export function uncover(target: Element, banner: HTMLElement): void {
  const cover = banner.getBoundingClientRect();
  const box = target.getBoundingClientRect?.();
  if (box && box.bottom > cover.top && box.right > cover.left && box.left < cover.right) {
    window.scrollBy(0, box.bottom - cover.top + 16);
  }
}
