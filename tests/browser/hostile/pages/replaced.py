"""Natives that the page replaced by something that fails, or by something of its own that works."""

from tests.browser.hostile.hostile_page import HostilePage, Outcome

_FAIL = "() => { throw new TypeError('not today'); }"
_WRAP = """
const wrap = (owner, name) => {
    const own = owner[name];
    owner[name] = function (...given) { return Reflect.apply(own, this, given); };
};
"""

PAGES = [
    HostilePage(
        "a fetch that fails",
        f"window.fetch = {_FAIL};",
        Outcome.DENIED,
        "nothing can be sent",
        "unreachable",
    ),
    HostilePage(
        "a fetch that answers nonsense",
        "window.fetch = async () => ({ok: true, status: 201, json: async () => 7});",
        Outcome.DENIED,
        "the answer is no acknowledgement",
        "unreachable",
    ),
    HostilePage(
        "a JSON.parse that fails",
        f"JSON.parse = {_FAIL};",
        Outcome.DENIED,
        "no token can be read",
        "token_invalid",
    ),
    HostilePage(
        "a JSON.stringify that fails",
        f"JSON.stringify = {_FAIL};",
        Outcome.DENIED,
        "nothing can be written",
        "failed",
    ),
    HostilePage(
        "a JSON.stringify as old libraries bring it",
        """
JSON.stringify = (own => (value) => own(value))(JSON.stringify);
""",
    ),
    HostilePage(
        "a Promise.prototype.then that does nothing",
        "Promise.prototype.then = function () { return this; };",
        Outcome.DENIED,
        "nothing ever follows anything",
    ),
    HostilePage(
        "a CustomEvent that fails",
        "window.CustomEvent = function () { throw new TypeError('no'); };",
    ),
    HostilePage(
        "a CustomEvent as polyfills make it",
        """
window.CustomEvent = function (name, {detail, bubbles = false, cancelable = false} = {}) {
    const event = document.createEvent('CustomEvent');
    event.initCustomEvent(name, bubbles, cancelable, detail);
    return event;
};
""",
    ),
    HostilePage(
        "a createElement that fails",
        f"document.createElement = {_FAIL};",
        Outcome.UNASKED,
        "there are no elements",
        "failed",
    ),
    HostilePage(
        "an attachShadow that fails",
        f"Element.prototype.attachShadow = {_FAIL};",
        Outcome.UNASKED,
        "there is no shadow tree",
        "failed",
    ),
    HostilePage(
        "an attachShadow that closes",
        """
Element.prototype.attachShadow = (own => function (init) {
    return own.call(this, {...init, mode: 'closed'});
})(Element.prototype.attachShadow);
""",
    ),
    HostilePage(
        "an append that fails",
        "Element.prototype.append = Node.prototype.appendChild = " + _FAIL,
        Outcome.UNASKED,
        "nothing can be built",
        "failed",
    ),
    HostilePage(
        "DOM methods wrapped one and all",
        _WRAP
        + """
for (const {prototype} of [Node, Element, Document, EventTarget, HTMLElement]) {
    for (const [name, {value}] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
        typeof value === 'function' && name !== 'constructor' && wrap(prototype, name);
    }
}
""",
    ),
    HostilePage(
        "language methods wrapped one and all",
        _WRAP
        + """
for (const owner of [Array.prototype, String.prototype, RegExp.prototype, Map.prototype,
    Set.prototype, JSON,
    Promise.prototype, WeakMap.prototype, WeakSet.prototype]) {
    for (const [name, {value,
        writable}] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
        writable && typeof value === 'function' && name !== 'constructor' && wrap(owner, name);
    }
}
""",
    ),
    HostilePage(
        "a String.prototype.replace that returns nothing",
        "String.prototype.replace = () => '';",
        Outcome.UNASKED,
        "every text is empty",
    ),
    HostilePage(
        "a String.prototype.split that splits nothing",
        "String.prototype.split = function () { return [this]; };",
        Outcome.UNASKED,
        "no button becomes one",
    ),
    HostilePage(
        "a RegExp.prototype.exec that finds nothing",
        "RegExp.prototype.exec = () => null;",
        Outcome.DENIED,
        "the service's address cannot be read",
        "unreachable",
    ),
    HostilePage(
        "Map and Set that keep nothing",
        """
Map.prototype.get = WeakMap.prototype.get = () => undefined;
Map.prototype.set = Set.prototype.add = function () { return this; };
""",
        Outcome.DENIED,
        "what was granted is kept nowhere",
    ),
    HostilePage(
        "Object.entries and Object.keys that are empty",
        "Object.entries = Object.keys = () => [];",
        Outcome.DENIED,
        "a choice is sent that names nothing",
        "invalid_request",
    ),
    HostilePage(
        "an Object.fromEntries that is empty",
        "Object.fromEntries = () => ({});",
        Outcome.DENIED,
        "accepting all names nothing",
    ),
    HostilePage(
        "a setTimeout that never calls",
        "window.setTimeout = () => 1;",
        runs=frozenset(),
        because="scripts run after the page was drawn, which is waited for; the image loads",
    ),
    HostilePage(
        "a requestAnimationFrame that never calls", "window.requestAnimationFrame = () => 1;"
    ),
    HostilePage(
        "a localStorage that throws",
        """
Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no',
    'SecurityError'); }});
""",
    ),
    HostilePage(
        "a BroadcastChannel that throws",
        "window.BroadcastChannel = function () { throw new TypeError('no'); };",
    ),
    HostilePage(
        "a MutationObserver that throws",
        "window.MutationObserver = function () { throw new TypeError('no'); };",
        Outcome.UNASKED,
        "what comes later could not be held back",
        "failed",
    ),
    HostilePage(
        "a structuredClone and customElements that throw",
        """
window.structuredClone = () => { throw new TypeError('no'); };
customElements.define = customElements.get = () => { throw new TypeError('no'); };
""",
    ),
]
