/**
 * Runs before anything of the page: looks at every frame where the banner is, and notes what the browser measures.
 * A function of one argument, `path`: the selectors from the document to the banner, each but the last ending at a host of a shadow root.
 */
(path) => {
  const seen = {at: null, changed: null, state: '', frames: 0, gone: null};
  const noted = {shift: 0, tasks: [], events: []};
  window.observed = {seen, noted, clicked: null, painted: null};

  const find = () =>
    path.reduce((scope, selector, index) => {
      const found = scope?.querySelector(selector);
      return index + 1 < path.length ? found?.shadowRoot : found;
    }, document);

  /** Box and opacity, of which nobody sees anything when it is empty. */
  function look() {
    const element = path.length > 0 && find();
    const box = element && element.checkVisibility({visibilityProperty: true}) && element.getBoundingClientRect();
    if (!box || box.width * box.height < 1 || box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) {
      return '';
    }
    let opacity = 1;
    for (let node = element; node instanceof Element; node = node.parentElement ?? node.getRootNode().host) {
      opacity *= Number(getComputedStyle(node).opacity);
    }
    return opacity > 0.01 ? [box.x, box.y, box.width, box.height, opacity].map((value) => value.toFixed(2)).join() : '';
  }

  function frame() {
    const state = look();
    const now = performance.now();
    if (state === seen.state) {
      seen.frames++;
    } else {
      seen.at ??= now;
      seen.gone = state ? null : now;
      Object.assign(seen, {state, changed: now, frames: 0});
    }
    requestAnimationFrame(frame);
  }
  requestAnimationFrame(frame);

  const note = (type, take, options) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({type, buffered: true, ...options});
  note('layout-shift', (entry) => {
    noted.shift += entry.hadRecentInput ? 0 : entry.value;
  });
  note('longtask', ({startTime, duration}) => noted.tasks.push([startTime, duration]));
  note('event', ({interactionId, duration}) => interactionId && noted.events.push(duration), {durationThreshold: 16});

  addEventListener(
    'click',
    ({timeStamp}) => {
      observed.clicked = timeStamp;
      requestAnimationFrame(() => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = () => {
          observed.painted = performance.now();
        };
        port2.postMessage(null);
      });
    },
    {capture: true, once: true},
  );
}
