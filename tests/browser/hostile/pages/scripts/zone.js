/** Every callback wrapped in a task, and a Promise of its own, as Zone.js 0.8 does. Made again in a few lines. */
const wrapTask = (callback) => typeof callback === 'function'
    ? function (...given) { return callback.apply(this, given); } : callback;
const wrapped = new WeakMap();
const {addEventListener, removeEventListener} = EventTarget.prototype;
EventTarget.prototype.addEventListener = function (name, callback, options) {
    const task = typeof callback === 'function' ? wrapTask(callback)
        : callback && {handleEvent: (event) => callback.handleEvent(event)};
    callback && wrapped.set(callback, task);
    return addEventListener.call(this, name, task, options);
};
EventTarget.prototype.removeEventListener = function (name, callback, options) {
    return removeEventListener.call(this, name, wrapped.get(callback) ?? callback, options);
};
for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame', 'queueMicrotask']) {
    const own = window[name];
    window[name] = (callback, ...more) => own(wrapTask(callback), ...more);
}
for (const name of ['onclick', 'onload', 'onerror', 'onchange', 'onclose']) {
    const own = Object.getOwnPropertyDescriptor(HTMLElement.prototype, name);
    own && Object.defineProperty(HTMLElement.prototype, name, {
        configurable: true,
        get() { return own.get.call(this); },
        set(callback) { own.set.call(this, wrapTask(callback)); },
    });
}
window.MutationObserver = class extends MutationObserver {
    constructor(callback) { super(wrapTask(callback)); }
};
const Native = Promise;
window.Promise = class ZoneAwarePromise {
    constructor(executor) { this.inner = new Native((yes, no) => executor(wrapTask(yes), wrapTask(no))); }
    static resolve(value) { return new ZoneAwarePromise((yes) => yes(value)); }
    static reject(error) { return new ZoneAwarePromise((_, no) => no(error)); }
    static all(values) { return new ZoneAwarePromise((yes, no) => Native.all(values).then(yes, no)); }
    static race(values) { return new ZoneAwarePromise((yes, no) => Native.race(values).then(yes, no)); }
    then(yes, no) { return ZoneAwarePromise.resolve(this.inner.then(wrapTask(yes), wrapTask(no))); }
    catch(no) { return this.then(undefined, no); }
    finally(last) { return ZoneAwarePromise.resolve(this.inner.finally(last)); }
};
