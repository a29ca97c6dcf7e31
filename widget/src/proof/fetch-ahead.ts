/**
 * Has the browser fetch a marked script while those before it run, as it does by itself for scripts that nothing marks.
 */

/** @param held a script that may run, and will when it is its turn */
export function fetchAhead(held: HTMLScriptElement): void {
  // `dataset` also finds what the page has taught all objects.
  const address = held.getAttribute('data-src') ?? held.getAttribute('src');
  if (address === null || held.noModule) {
    return;
  }
  const link = document.createElement('link');
  link.rel = held.getAttribute('data-type') === 'module' ? 'modulepreload' : 'preload';
  link.as = 'script';
  // What is asked for in another way is fetched again.
  link.crossOrigin = held.crossOrigin;
  link.integrity = held.integrity;
  link.referrerPolicy = held.referrerPolicy;
  link.nonce = held.nonce;
  link.href = address;
  // Its request goes on without it.
  link.onload = link.onerror = () => link.remove();
  document.head.append(link);
}
