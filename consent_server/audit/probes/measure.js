// What keeps a visitor from seeing or pressing an element, in words that complete "it …".
// With `scroll`, it may be further down the page; without, it has to be in view by itself.
(element, {scroll}) => {
  if (!element.isConnected) {
    return ['is no longer in the page'];
  }
  const problems = [];
  const parent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  let opacity = 1;
  for (let node = element; node; node = parent(node)) {
    const style = getComputedStyle(node);
    opacity *= Number(style.opacity);
    style.display === 'none' && problems.push(`is hidden by display: none on <${node.localName}>`);
    node.inert && problems.push(`is made inert by <${node.localName}>`);
  }
  getComputedStyle(element).visibility !== 'visible' && problems.push('is hidden by visibility');
  opacity < 0.3 && problems.push(`is transparent (opacity ${Number(opacity.toFixed(2))})`);
  element.matches(':disabled') && problems.push('is disabled');
  const name = element.getAttribute('aria-label') || element.textContent || element.title || element.querySelector('img[alt]')?.alt;
  name?.trim() || problems.push('has no name that could be read out');
  if (problems.length) {
    return problems;
  }
  scroll && element.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
  const {left, top, width, height} = element.getBoundingClientRect();
  if (width < 2 || height < 2) {
    return [`has no size (${Math.round(width)} by ${Math.round(height)} pixels)`];
  }
  const centre = {x: left + width / 2, y: top + height / 2};
  const {clientWidth, clientHeight} = document.documentElement;
  const isInView = ({x, y}) => x >= 0 && y >= 0 && x < Math.max(clientWidth, 1) && y < Math.max(clientHeight, innerHeight);
  if (!isInView(centre)) {
    return [`lies outside the window (at ${Math.round(left)}, ${Math.round(top)})`];
  }
  const at = ({x, y}) => {
    let hit = document.elementFromPoint(x, y);
    while (hit?.shadowRoot?.elementFromPoint(x, y) && hit.shadowRoot.elementFromPoint(x, y) !== hit) {
      hit = hit.shadowRoot.elementFromPoint(x, y);
    }
    return hit;
  };
  const points = [centre];
  for (const dx of [0.2, 0.8]) {
    for (const dy of [0.25, 0.75]) {
      points.push({x: left + width * dx, y: top + height * dy});
    }
  }
  const others = points.map(at).filter((hit) => hit && hit !== element && !element.contains(hit));
  if (others.length > 2) {
    const [{localName, id, classList}] = others;
    return [`is covered by <${localName}${id && ` id="${id}"`}${classList.length ? ` class="${classList.value}"` : ''}>`];
  }
  return [];
}
