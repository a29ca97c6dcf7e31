/** Polyfills that take the place of natives, as an old core-js set up to do so. Made again in a few lines. */
const Native = Promise;
window.Promise = class Promise {
    constructor(executor) {
        this.callbacks = [];
        const settle = (isGood, value) => {
            if (this.isSettled) return;
            if (isGood && value && typeof value.then === 'function') {
                value.then((next) => settle(true, next), (error) => settle(false, error));
                return;
            }
            this.isSettled = true;
            Object.assign(this, {isGood, value});
            setTimeout(() => this.callbacks.forEach((callback) => callback()));
        };
        try {
            executor((value) => settle(true, value), (error) => settle(false, error));
        } catch (error) {
            settle(false, error);
        }
    }
    then(good, bad) {
        return new Promise((yes, no) => {
            const go = () => {
                const handle = this.isGood ? good : bad;
                try {
                    handle ? yes(handle(this.value)) : (this.isGood ? yes : no)(this.value);
                } catch (error) {
                    no(error);
                }
            };
            this.isSettled ? setTimeout(go) : this.callbacks.push(go);
        });
    }
    catch(bad) { return this.then(undefined, bad); }
    static resolve(value) { return new Promise((yes) => yes(value)); }
    static all(values) { return new Promise((yes, no) => { Native.all(values).then(yes, no); }); }
    static race(values) { return new Promise((yes, no) => { for (const value of values) Promise.resolve(value).then(yes, no); }); }
};
class OldSet {
    constructor(items) { this.items = []; for (const item of items || []) this.add(item); }
    has(item) { return this.items.indexOf(item) !== -1; }
    add(item) { this.has(item) || this.items.push(item); return this; }
    delete(item) { const had = this.has(item); this.items = this.items.filter((one) => one !== item); return had; }
    forEach(callback) { this.items.forEach((item) => callback(item, item, this)); }
    get size() { return this.items.length; }
    [Symbol.iterator]() { return this.items[Symbol.iterator](); }
}
class OldMap {
    constructor(pairs) { this.keys_ = []; this.values_ = []; for (const [key, value] of pairs || []) this.set(key, value); }
    has(key) { return this.keys_.indexOf(key) !== -1; }
    get(key) { return this.values_[this.keys_.indexOf(key)]; }
    set(key, value) { const at = this.keys_.indexOf(key); at < 0 ? (this.keys_.push(key), this.values_.push(value)) : (this.values_[at] = value); return this; }
    delete(key) { const at = this.keys_.indexOf(key); at >= 0 && (this.keys_.splice(at, 1), this.values_.splice(at, 1)); return at >= 0; }
    get size() { return this.keys_.length; }
}
Object.assign(window, {Set: OldSet, Map: OldMap, WeakMap: OldMap, WeakSet: OldSet});
const {replace, split} = String.prototype;
String.prototype.replace = function (pattern, by) { return replace.call(String(this), pattern, by); };
String.prototype.split = function (by, limit) { return split.call(String(this), by, limit); };
Array.prototype.includes = function (item) { return this.indexOf(item) !== -1; };
Object.entries = (object) => Object.keys(object).map((key) => [key, object[key]]);
Object.values = (object) => Object.keys(object).map((key) => object[key]);
Array.from = (items, map = (item) => item) => [].slice.call(typeof items[Symbol.iterator] === 'function' ? [...items] : items).map((item, at) => map(item, at));
