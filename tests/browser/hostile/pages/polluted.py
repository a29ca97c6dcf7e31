"""Prototypes to which the page added something, and prototypes that it froze."""

from tests.browser.hostile.hostile_page import HostilePage, Outcome

_EVERYWHERE = """
for (const {prototype} of [Object, Array, Function, String, Number, Boolean, RegExp, Promise,
    Map, Set, Date]) {
    prototype.extra = function () { return this; };
}
"""
_WISHES = """
for (const [name, value] of Object.entries({
    granted: true, analytics: true, marketing: true, functional: true, isTrusted: true,
        trusted: true,
    required: true, state: 'granted', token: 'x', proof: {}, services: {tracker: true},
    method: 'api', action: 'accept_all', wish: {categories: {analytics: true}},
        superseded: false, gpc: false,
})) {
    Object.prototype[name] = value;
}
"""
_SETTERS = """
for (const name of ['id', 'n', 'token', 'categories', 'services', 'analytics', 'v', 'bundle',
    'gpc']) {
    Object.defineProperty(Object.prototype, name, {
        configurable: true,
        get() { return undefined; },
        set(value) { window.stolen = value; },
    });
}
for (let at = 0; at < 8; at++) {
    Object.defineProperty(Array.prototype, at, {configurable: true, get() {}, set() {}});
}
"""
_FROZEN = """
for (const {prototype} of [Object, Array, Function, String, RegExp, Promise, Map, Set, Date,
    Event, Element, Node]) {
    Object.freeze(prototype);
}
for (const global of [Object, Array, JSON, Math, Promise, Reflect, Intl]) {
    Object.freeze(global);
}
"""

PAGES = [
    HostilePage("enumerable extras on every prototype", _EVERYWHERE),
    HostilePage(
        "enumerable items on Array.prototype", "Array.prototype[0] = 'x'; Array.prototype.y = 1;"
    ),
    HostilePage("grants on Object.prototype", _WISHES),
    HostilePage(
        "setters that swallow on Object.prototype and Array.prototype",
        _SETTERS,
        Outcome.DENIED,
        because="what is chosen for analytics goes to the page's setter, and is not named",
        says="categories_incomplete",
    ),
    HostilePage(
        "a setter that swallows the second part",
        "Object.defineProperty(Object.prototype, 'proof', {get() {}, set() {}});",
    ),
    HostilePage(
        "attributes of held-back elements on Object.prototype",
        "Object.prototype.service = 'tracker'; Object.prototype.src = '/false.js';",
    ),
    HostilePage(
        "toJSON on Array.prototype",
        "Array.prototype.toJSON = function () { return String(this); };",
    ),
    HostilePage(
        "toJSON on Object.prototype", "Object.prototype.toJSON = function () { return 'x'; };"
    ),
    HostilePage(
        "toJSON on String.prototype and Date.prototype",
        """
String.prototype.toJSON = Boolean.prototype.toJSON = Number.prototype.toJSON = function () {
    return 'x'; };
Date.prototype.toJSON = Date.prototype.toString;
""",
    ),
    HostilePage("frozen prototypes and globals", _FROZEN),
    HostilePage(
        "a ConsentServer that cannot be written",
        """
Object.defineProperty(window, 'ConsentServer', {value: []});
""",
        is_mute=True,
    ),
    HostilePage("a frozen queue", "window.ConsentServer = Object.freeze([() => {}]);"),
]
