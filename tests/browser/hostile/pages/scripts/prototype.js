/** What Prototype.js 1.6 adds to, and replaces on, the prototypes of the language. Made again in a few lines. */
const $A = (iterable) => {
    if (!iterable) return [];
    if ('toArray' in Object(iterable)) return iterable.toArray();
    let {length = 0} = iterable;
    const results = new Array(length);
    while (length--) results[length] = iterable[length];
    return results;
};
Array.from = $A;
Object.assign(Function.prototype, {
    argumentNames() { return []; },
    bind(context, ...first) { const own = this; return (...more) => own.apply(context, [...first, ...more]); },
    curry(...first) { return this.bind(this, ...first); },
    wrap(wrapper) { const own = this; return function (...given) { return wrapper.call(this, own.bind(this), ...given); }; },
});
Object.assign(String.prototype, {
    toArray() { return this.split(''); },
    toJSON() { return this.inspect(true); },
    inspect() { return `"${this}"`; },
    strip() { return this.trim(); },
    sub(pattern, by) { return this.replace(pattern, by); },
    startsWith(pattern) { return this.lastIndexOf(pattern, 0) === 0; },
});
Object.assign(Array.prototype, {
    each(iterator) { for (let at = 0; at < this.length; at++) iterator(this[at], at); return this; },
    toArray() { return [].concat(this); },
    entries() { return this.toArray(); },
    include(object) { return this.indexOf(object) !== -1; },
    first() { return this[0]; },
    last() { return this[this.length - 1]; },
    clear() { this.length = 0; return this; },
    reduce() { return this.length > 1 ? this : this[0]; },
    inspect() { return `[${this.map(String).join(', ')}]`; },
    toJSON() { return `[${this.map((one) => JSON.stringify(one)).join(', ')}]`; },
    find(iterator) { let found; this.each((one, at) => { if (found === undefined && iterator(one, at)) found = one; }); return found; },
    filter(iterator, context) { const results = []; this.each((one, at) => { if (iterator.call(context, one, at)) results.push(one); }); return results; },
    map(iterator = (one) => one, context) { const results = []; this.each((one, at) => { results.push(iterator.call(context, one, at)); }); return results; },
});
Object.assign(Element.prototype, {
    visible() { return this.style.display !== 'none'; },
    hide() { this.style.display = 'none'; return this; },
    remove() { this.parentNode && this.parentNode.removeChild(this); return this; },
    update(text) { this.innerHTML = text; return this; },
    select(selector) { return [...this.querySelectorAll(selector)]; },
    insert(text) { this.insertAdjacentHTML('beforeend', text); return this; },
    childElements() { return [...this.children]; },
});
document.getElementsByClassName = (name) => [...document.querySelectorAll(`.${name}`)];
window.Hash = function (object) { this._object = object; };
