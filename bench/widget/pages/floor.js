/** The floor: the least that asks, holds back and remembers. One file, one language, no server, no proof. */
(() => {
  const NAMES = {necessary: 'Necessary', functional: 'Functional', analytics: 'Analytics', marketing: 'Marketing'};
  const KEY = 'floor';
  const make = (tag, props, ...children) => {
    const made = Object.assign(document.createElement(tag), props);
    made.append(...children);
    return made;
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    '.floor{position:fixed;inset:auto 1em 1em;max-width:40em;padding:1em;background:#fff;color:#16191d;border:1px solid #79828e;border-radius:8px;z-index:99}' +
      '.floor button,.floor-choices button{font:inherit;min-height:2.75em;margin:.5em .5em 0 0;padding:0 1em;border:1px solid #2446c0;border-radius:8px;background:#2446c0;color:#fff}' +
      '.floor-choices label{display:block;padding:.5em 0}',
  );
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const isGranted = (state, id) => id === 'necessary' || state?.[id] === true;
  let state = JSON.parse(localStorage.getItem(KEY));
  let banner;

  function open() {
    for (const held of document.querySelectorAll('script[type="text/plain"][data-category]')) {
      if (isGranted(state, held.dataset.category)) {
        const {src} = held.dataset;
        held.replaceWith(make('script', src ? {src} : {text: held.text}));
      }
    }
  }
  function decide(choose) {
    state = Object.fromEntries(Object.keys(NAMES).map((id) => [id, id === 'necessary' || choose(id)]));
    localStorage.setItem(KEY, JSON.stringify(state));
    banner.remove();
    setTimeout(open);
  }
  function choices() {
    const boxes = Object.keys(NAMES).map((id) =>
      make('input', {type: 'checkbox', name: id, checked: isGranted(state, id), disabled: id === 'necessary'}),
    );
    const save = make('button', {textContent: 'Save'});
    const dialog = make('dialog', {className: 'floor-choices', ariaLabel: 'Choices'});
    dialog.append(...boxes.map((box) => make('label', {}, box, ` ${NAMES[box.name]}`)), save);
    save.onclick = () => {
      dialog.close();
      decide((id) => boxes.find(({name}) => name === id).checked);
    };
    dialog.onclose = () => dialog.remove();
    document.body.append(dialog);
    dialog.showModal();
  }
  function ask() {
    const button = (textContent, onclick) => make('button', {textContent, onclick});
    banner = make('section', {className: 'floor', ariaLabel: 'Cookies'},
      make('p', {textContent: 'May we store and read data on your device to measure visits and to show advertising?'}),
      button('Accept', () => decide(() => true)),
      button('Reject', () => decide(() => false)),
      button('Choose', choices),
    );
    document.body.prepend(banner);
  }
  const start = () => (state ? open() : ask());
  document.readyState === 'loading' ? addEventListener('DOMContentLoaded', start) : start();
})();
