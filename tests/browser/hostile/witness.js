/** Runs before everything else on a page and notes, with what the browser itself brings, what the widget says. */
(() => {
  let said = '';
  const told = {ready: 'granted', changed: 'granted', shown: 'layer', error: 'reason', withdrawn: 'categories'};
  for (const name in told) {
    document.addEventListener(`consent:${name}`, ({detail}) => {
      const what = detail[told[name]];
      let text = typeof what === 'string' ? what : '';
      for (let at = 0; typeof what !== 'string' && at < what.length; at++) {
        text += `${at ? ',' : ''}${what[at]}`;
      }
      said += `${name} ${text};`;
    });
  }
  Object.defineProperty(window, '__witness', {get: () => said});
})();
