// Measures the widget from inside a page. Every function returns what is wrong, in words; nothing when all is well.
({
  shadows() {
    const hosts = [...document.querySelectorAll('consent-server, consent-placeholder')];
    return hosts.map((host) => host.shadowRoot).filter(Boolean);
  },

  /** Everything visible in the widget; while a dialog is open, only what is in it. */
  visible() {
    const modal = this.shadows().flatMap((root) => [...root.querySelectorAll('dialog:modal')])[0];
    const all = this.shadows().flatMap((root) => [...root.querySelectorAll('*')]);
    return all.filter((node) => node.checkVisibility() && (!modal || modal.contains(node)));
  },

  controls() {
    return this.visible().filter((node) => node.matches('button, summary, a[href], input, [tabindex="0"]'));
  },

  name(node) {
    return `${node.localName} “${this.label(node).slice(0, 40)}”`;
  },

  /** What a control is called. */
  label(node) {
    return (node.getAttribute('aria-label') ?? (node.labels?.[0] ?? node).textContent).trim();
  },

  /** What a switch offers to the finger is its label. */
  target(node) {
    return node.closest('label') ?? node;
  },

  inside(outer, inner, slack = 1) {
    return (
      inner.left >= outer.left - slack &&
      inner.right <= outer.right + slack &&
      inner.top >= outer.top - slack &&
      inner.bottom <= outer.bottom + slack
    );
  },

  window() {
    return {left: 0, top: 0, right: document.documentElement.clientWidth, bottom: innerHeight};
  },

  /** Nothing scrolls or hangs out sideways. */
  sideways() {
    const {right} = this.window();
    const wide = this.visible().filter((node) => {
      const box = node.getBoundingClientRect();
      return box.width > 0 && (box.left < -1 || box.right > right + 1);
    });
    const scrolling = this.visible().filter((node) => {
      const {overflowX} = getComputedStyle(node);
      return /auto|scroll|hidden|clip/.test(overflowX) && node.scrollWidth > node.clientWidth + 1;
    });
    const page = document.documentElement.scrollWidth > right ? ['the page scrolls sideways'] : [];
    return [
      ...page,
      ...wide.map((node) => `${this.name(node)} leaves the window`),
      ...scrolling.map((node) => `${this.name(node)} scrolls sideways`),
    ];
  },

  /** No text leaves the box of its control, and no box that cannot scroll hides any. */
  clipped() {
    const hidden = this.visible().filter((node) => {
      const {overflowY, overflowX} = getComputedStyle(node);
      const hides = /hidden|clip/;
      return (
        (hides.test(overflowY) && node.scrollHeight > node.clientHeight + 1) ||
        (hides.test(overflowX) && node.scrollWidth > node.clientWidth + 1)
      );
    });
    const leaving = this.visible()
      .filter((node) => node.matches('button, summary'))
      .filter((node) => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return !this.inside(node.getBoundingClientRect(), range.getBoundingClientRect());
      });
    return [
      ...hidden.map((node) => `${this.name(node)} hides some of its content`),
      ...leaving.map((node) => `the text of ${this.name(node)} leaves it`),
    ];
  },

  /** Two controls never lie on one another. */
  overlapping() {
    const controls = this.visible().filter((node) => node.matches('button, summary'));
    const found = [];
    for (const [index, one] of controls.entries()) {
      const a = one.getBoundingClientRect();
      for (const other of controls.slice(index + 1)) {
        const b = other.getBoundingClientRect();
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 1 && one.parentNode === other.parentNode) {
          found.push(`${this.name(one)} lies on ${this.name(other)}`);
        }
      }
    }
    return found;
  },

  /** Controls smaller than a measure in CSS pixels; links within a sentence may be. */
  small(least, selector = '*') {
    return this.controls()
      .filter((node) => node.matches(selector) && getComputedStyle(node).display !== 'inline')
      .map((node) => [node, this.target(node).getBoundingClientRect()])
      .filter(([, {width, height}]) => Math.min(width, height) < least - 0.5)
      .map(([node, {width, height}]) => `${this.name(node)}: ${width.toFixed(1)} × ${height.toFixed(1)}`);
  },

  /** The two answers: in the window whole, not covered, one size. */
  answers(names) {
    const found = names.map((name) =>
      this.visible().filter((node) => node.localName === 'button' && node.textContent.trim() === name),
    );
    const odd = found.findIndex((nodes) => nodes.length !== 1);
    if (odd >= 0) {
      return [`“${names[odd]}” is there ${found[odd].length} times`];
    }
    const nodes = found.flat();
    const [one, other] = nodes.map((node) => node.getBoundingClientRect());
    const wrong = nodes.filter((node) => {
      const box = node.getBoundingClientRect();
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const hit = node.getRootNode().elementFromPoint(x, y);
      return !this.inside(this.window(), box) || !node.contains(hit);
    });
    const differ = Math.abs(one.width - other.width) > 1 || Math.abs(one.height - other.height) > 1;
    const apart = nodes[0].parentNode !== nodes[1].parentNode;
    return [
      ...wrong.map((node) => `${this.name(node)} is not in view`),
      ...(differ ? [`sizes differ: ${one.width} × ${one.height}, ${other.width} × ${other.height}`] : []),
      ...(apart ? ['the answers have two parents'] : []),
      ...this.differences(nodes),
    ];
  },

  /** The two answers: on one line, each word in its button, as easy to read as the other. */
  uneven(names) {
    const nodes = this.visible().filter((node) => node.localName === 'button' && names.includes(node.textContent.trim()));
    const [one, other] = nodes.map((node) => {
      const {color, backgroundColor} = getComputedStyle(node);
      return {top: node.getBoundingClientRect().top, contrast: this.contrast(color, backgroundColor)};
    });
    if (!other) {
      return ['there are not two of them'];
    }
    const leaving = nodes.filter((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return !this.inside(node.getBoundingClientRect(), range.getBoundingClientRect());
    });
    return [
      ...leaving.map((node) => `the text of ${this.name(node)} leaves it`),
      ...(Math.abs(one.top - other.top) > 1 ? [`one stands higher: ${one.top}, ${other.top}`] : []),
      ...(Math.abs(one.contrast - other.contrast) > 0.01 ? [`contrasts differ: ${one.contrast}, ${other.contrast}`] : []),
      ...(Math.min(one.contrast, other.contrast) < 4.5 ? [`contrast of ${one.contrast}, ${other.contrast}`] : []),
    ];
  },

  /** Every computed property of one answer that the other does not have as well. */
  differences([one, other]) {
    const [a, b] = [getComputedStyle(one), getComputedStyle(other)];
    const measured = /^(width|height|inline-size|block-size|perspective-origin|transform-origin)$/;
    const names = [...a].filter((name) => !measured.test(name));
    return names
      .filter((name) => a.getPropertyValue(name) !== b.getPropertyValue(name))
      .map((name) => `${name}: ${a.getPropertyValue(name)} is not ${b.getPropertyValue(name)}`);
  },

  /** Text spacing as users may set it. Source: WCAG 2.2, 1.4.12 */
  space() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* {
      line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important;
    } p { margin-block-end: 2em !important }`);
    for (const root of this.shadows()) {
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    }
  },

  /** Whether nothing of the page's focused element can be seen. */
  isCovered() {
    const node = document.activeElement;
    const {left, top, width, height} = node.getBoundingClientRect();
    for (const across of [0.02, 0.25, 0.5, 0.75, 0.98]) {
      for (const down of [0.05, 0.5, 0.95]) {
        if (node.contains(document.elementFromPoint(left + width * across, top + height * down))) {
          return false;
        }
      }
    }
    return true;
  },

  /** Name and part of what has the focus, and whether nothing of it can be seen. */
  coveredFocus() {
    const {name, part} = this.focus();
    return [name, part, part === 'page' && this.isCovered()];
  },

  /** The element in focus, wherever it is. */
  focused() {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) {
      node = node.shadowRoot.activeElement;
    }
    return node;
  },

  /** Where the focus is: its name, and what it is part of. */
  focus() {
    const node = this.focused();
    if (!node || node === document.body) {
      return {name: '', part: 'none'};
    }
    const part = node.closest('dialog') ? 'dialog' : node.closest('section') ? 'banner' : 'rest';
    const isOurs = this.shadows().some((root) => root.contains(node));
    return {name: this.label(node), part: isOurs ? part : 'page'};
  },

  /** What moves, or would. */
  moving() {
    const still = (value) => value.split(', ').every((part) => part === '0s');
    return this.shadows()
      .flatMap((root) => [...root.querySelectorAll('*')])
      .flatMap((node) =>
        [null, '::before', '::after'].map((part) => [node, part ?? '', getComputedStyle(node, part)]),
      )
      .filter(([, , {animationName, transitionDuration, scrollBehavior}]) =>
        animationName !== 'none' || !still(transitionDuration) || scrollBehavior === 'smooth',
      )
      .map(([node, part]) => `${this.name(node)}${part} moves`);
  },

  /** Controls and panels that only a colour sets apart: with forced colours nothing would. */
  borderless(selector) {
    return this.visible()
      .filter((node) => node.matches(selector))
      .filter((node) => {
        const style = getComputedStyle(node);
        if (style.appearance === 'auto' && node.localName === 'input') {
          return false;
        }
        const sides = ['Top', 'Right', 'Bottom', 'Left'];
        return !sides.some(
          (side) =>
            style[`border${side}Style`] !== 'none' &&
            Number.parseFloat(style[`border${side}Width`]) >= 1 &&
            style[`border${side}Color`] !== style.backgroundColor &&
            !/transparent|^rgba.*, 0\)$/.test(style[`border${side}Color`]),
        );
      })
      .map((node) => `${this.name(node)} has no border`);
  },

  /** Colour as [red, green, blue, opacity]. */
  colour(text) {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  },

  luminance(text) {
    const [red, green, blue] = this.colour(text).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  },

  contrast(one, other) {
    const [dark, light] = [this.luminance(one), this.luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  },

  /** The colour on which an element stands: of the nearest one around it that has any. */
  ground(node) {
    for (let around = node.parentElement; around; around = around.parentElement) {
      const {backgroundColor} = getComputedStyle(around);
      if (this.colour(backgroundColor)[3] > 0.99) {
        return backgroundColor;
      }
    }
    return 'white';
  },

  /** The mark of the element in focus. */
  focusMark() {
    const node = this.focused();
    const marked = node.matches('input') && getComputedStyle(node).outlineStyle === 'none' ? this.target(node) : node;
    const {outlineStyle, outlineWidth, outlineColor} = getComputedStyle(marked);
    return {
      style: outlineStyle,
      width: Number.parseFloat(outlineWidth),
      contrast: this.contrast(outlineColor, this.ground(node)),
    };
  },

  /** Controls whose edge and whose face are both too near to the ground, and that are no mere text. */
  faint(selector) {
    return this.visible()
      .filter((node) => node.matches(selector))
      .map((node) => {
        const {borderTopColor, borderTopWidth, backgroundColor} = getComputedStyle(node);
        const edge = Number.parseFloat(borderTopWidth) > 0 ? borderTopColor : 'transparent';
        const shown = [edge, backgroundColor].filter((colour) => this.colour(colour)[3] > 0.99);
        const ground = this.ground(node);
        return [node, shown.map((colour) => this.contrast(colour, ground))];
      })
      .filter(([, contrasts]) => contrasts.length > 0 && Math.max(...contrasts) < 3)
      .map(([node, contrasts]) => `${this.name(node)}: ${contrasts.map((one) => one.toFixed(2))}`);
  },
})
