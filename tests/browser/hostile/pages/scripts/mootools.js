/** What MooTools 1.3 adds to, and replaces on, the prototypes of the language. Made again in a few lines. */
Array.from = (item) => item == null ? [] : typeof item === 'object' && 'length' in item ? [].slice.call(item) : [item];
Function.prototype.extend = function (more) { for (const name in more) this[name] = more[name]; return this; };
Function.prototype.implement = function (more) { for (const name in more) this.prototype[name] = more[name]; return this; };
Function.prototype.$family = () => 'function';
Function.prototype.bind = function (that) {
    const own = this;
    return function () { return own.apply(that, arguments); };
};
Array.implement({
    $family: () => 'array', clean() { return this.filter((one) => one != null); }, empty() { this.length = 0; return this; },
    contains(one) { return this.indexOf(one) !== -1; }, append(more) { this.push(...more); return this; },
    flatten() { return [].concat(...this); }, pick() { return this[0]; }, link: () => ({}), erase() { return this; },
});
String.implement({
    contains(text, by) { return by ? `${by}${this}${by}`.includes(`${by}${text}${by}`) : this.indexOf(text) > -1; },
    test(pattern) { return new RegExp(pattern).test(this); }, clean() { return this.trim(); }, substitute() { return this; },
});
Number.implement({limit(low, high) { return Math.min(high, Math.max(low, this)); }, times() {}});
for (const method of ['set', 'get', 'erase', 'inject', 'grab', 'adopt', 'destroy', 'dispose', 'empty', 'clone', 'addEvent']) {
    Element.prototype[method] = function () { return this; };
}
window.addEvent = document.addEvent = function () { return this; };
window.Event = function (event) { return event; };
window.Class = window.Chain = window.Events = window.Options = function () {};
window.$ = document.id = (id) => document.getElementById(id);
window.$$ = (selector) => document.querySelectorAll(selector);
