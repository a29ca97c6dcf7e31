"""Pages that press for the visitor, call without end, or fight for the screen."""

from tests.browser.hostile.hostile_page import HostilePage, Outcome

_BUTTONS = """
const buttons = () => {
    const root = document.querySelector('consent-server')?.shadowRoot;
    const all = [...root?.querySelectorAll('button') ?? []];
    return all.filter(({textContent}) => textContent.includes('ccept'));
};
const often = (act) => {
    let left = 20;
    const timer = setInterval(() => {
        act();
        if (!--left) {
            clearInterval(timer);
            document.documentElement.dataset.done = '';
        }
    }, 5);
};
"""

PAGES = [
    HostilePage(
        "clicks by script",
        _BUTTONS + "often(() => buttons().forEach((button) => button.click()));",
        takes_its_time=True,
    ),
    HostilePage(
        "events made by hand",
        _BUTTONS
        + """
often(() => buttons().forEach((button) => {
    for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) {
        button.dispatchEvent(new PointerEvent(type, {bubbles: true, composed: true,
            view: window, detail: 1}));
    }
    for (const type of ['keydown', 'keypress', 'keyup']) {
        button.dispatchEvent(new KeyboardEvent(type, {key: 'Enter', code: 'Enter',
            bubbles: true, composed: true}));
    }
}));
""",
        takes_its_time=True,
    ),
    HostilePage(
        "our listeners called with made-up events",
        _BUTTONS
        + """
often(() => buttons().forEach((button) => {
    button.onclick?.({isTrusted: true});
    button.onclick?.(Object.create(MouseEvent.prototype, {isTrusted: {value: true}}));
}));
""",
        takes_its_time=True,
    ),
    HostilePage(
        "a person's click handed on",
        _BUTTONS
        + """
addEventListener('mousedown', (event) => {
    buttons().forEach((button) => {
        button.onclick?.(event);
        setTimeout(() => button.dispatchEvent(event));
    });
}, true);
""",
    ),
    HostilePage(
        "the interface called in loops",
        """
(window.ConsentServer ||= []).push((api) => {
    for (let at = 0; at < 20; at++) {
        api.show(); api.showPreferences(); api.ready(); api.push(() => {});
        api.has(at); api.getConsent(); api.getToken(); api.getReceipt();
        api.save(); api.save({}); api.save(null); api.save('analytics');
        api.save({necessary: true}); api.save({nothing: true});
        api.save({categories: {analytics: 'yes'}, services: [true]});
        api.on('changed', () => {})();
    }
    api.show();
    document.documentElement.dataset.done = '';
});
""",
        takes_its_time=True,
    ),
    HostilePage(
        "our element removed once",
        """
document.addEventListener('consent:shown', () => setTimeout(() => {
    document.querySelector('consent-server').remove();
    document.documentElement.dataset.done = '';
}), {once: true});
""",
        takes_its_time=True,
    ),
    HostilePage(
        "our element removed whenever it comes",
        """
new MutationObserver(() => document.querySelector('consent-server')?.remove())
    .observe(document, {childList: true, subtree: true});
""",
        outcome=Outcome.UNASKED,
        because="the page does not want to ask",
    ),
    HostilePage(
        "a page that writes itself again",
        """
addEventListener('load', () => setTimeout(() => {
    document.body.innerHTML += '<p>All new</p>';
    document.documentElement.dataset.done = '';
}, 50));
""",
        takes_its_time=True,
        runs=frozenset(),
        because="a browser runs no script that came as text; the image loads",
    ),
    HostilePage(
        "a page that puts a new body in the place of its own",
        """
addEventListener('load', () => setTimeout(() => {
    document.body.replaceWith(document.body.cloneNode(true));
    document.documentElement.dataset.done = '';
}, 50));
""",
        takes_its_time=True,
    ),
]
