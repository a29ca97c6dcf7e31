// Names of everything that the origin of this frame keeps, besides cookies. Never the values.
async () => {
  const found = [];
  const note = async (kind, names) => {
    try {
      for (const name of await names()) {
        found.push({kind, name: String(name), place: location.host});
      }
    } catch {
      // The frame has no such store: sandboxed, on plain http, or blocked by the browser.
    }
  };
  const keys = (area) => Array.from({length: area.length}, (_, at) => area.key(at));
  await note('local_storage', () => keys(localStorage));
  await note('session_storage', () => keys(sessionStorage));
  await note('indexed_db', async () => (await indexedDB.databases()).map(({name}) => name));
  await note('cache', () => caches.keys());
  await note('worker', async () =>
    (await navigator.serviceWorker.getRegistrations())
      .map(({active, waiting, installing}) => (active ?? waiting ?? installing)?.scriptURL)
      .filter(Boolean));
  return found;
}
