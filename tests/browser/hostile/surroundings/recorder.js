/** Notes, before any other script runs, every property of the device that a page's scripts read. */
(() => {
  const read = new Set();
  Object.defineProperty(window, '__read', {get: () => [...read].sort()});
  // What the driver of the browser reads comes from no address.
  const note = (name) => / at .*https?:\/\//.test(new Error().stack) && read.add(name);
  // Not in every browser; the signal is looked for all the same.
  Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {configurable: true, get() {}});

  /** Every property of a prototype, or of the window, notes that it was read. */
  const watch = (owner, prefix, names = Object.getOwnPropertyNames(owner)) => {
    for (const name of names) {
      const own = Object.getOwnPropertyDescriptor(owner, name);
      if (name === 'constructor' || !own?.configurable) {
        continue;
      }
      const label = prefix + name;
      if (own.get) {
        Object.defineProperty(owner, name, {...own, get() { note(label); return own.get.call(this); }});
      } else if (typeof own.value === 'function' && /^[a-z]/.test(name)) {
        Object.defineProperty(owner, name, {...own, value(...given) { note(label); return own.value.apply(this, given); }});
      } else if (typeof own.value === 'function') {
        const construct = (target, given, made) => { note(label); return Reflect.construct(target, given, made); };
        Object.defineProperty(owner, name, {...own, value: new Proxy(own.value, {construct})});
      }
    }
  };

  const whole = {
    Navigator, Screen, ScreenOrientation, NavigatorUAData: window.NavigatorUAData, NetworkInformation, MediaDevices,
    Permissions, PluginArray, MimeTypeArray, StorageManager, BatteryManager: window.BatteryManager, Keyboard: window.Keyboard,
    HTMLCanvasElement, CanvasRenderingContext2D, WebGLRenderingContext, WebGL2RenderingContext, OffscreenCanvas,
    BaseAudioContext, AudioContext, OfflineAudioContext, FontFaceSet: document.fonts.constructor, FontFace, SpeechSynthesis,
    VisualViewport, Performance, PerformanceNavigationTiming, History, MediaQueryList,
  };
  for (const [name, {prototype} = {}] of Object.entries(whole)) {
    prototype && watch(prototype, `${name[0].toLowerCase()}${name.slice(1)}.`);
  }
  watch(Document.prototype, 'document.', ['cookie', 'referrer', 'fonts', 'lastModified', 'prerendering', 'visibilityState']);
  watch(window, '', [
    'screen', 'devicePixelRatio', 'innerWidth', 'innerHeight', 'outerWidth', 'outerHeight', 'screenX', 'screenY', 'screenLeft',
    'screenTop', 'visualViewport', 'matchMedia', 'speechSynthesis', 'history', 'performance', 'localStorage', 'sessionStorage',
    'indexedDB', 'caches', 'AudioContext', 'OfflineAudioContext', 'OffscreenCanvas', 'FontFace', 'RTCPeerConnection',
    'DeviceMotionEvent', 'DeviceOrientationEvent', 'SharedWorker', 'Worker', 'clientInformation', 'queryLocalFonts',
    'getScreenDetails', 'name',
  ]);
  watch(Date.prototype, 'date.', ['getTimezoneOffset']);
  watch(Intl.DateTimeFormat.prototype, 'dateTimeFormat.', ['resolvedOptions']);
  watch(Intl.NumberFormat.prototype, 'numberFormat.', ['resolvedOptions']);
})();
