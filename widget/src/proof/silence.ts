/** Keeps a page that is about to go from telling anybody anything. */

/**
 * From now on the page asks nobody but its own host and the service: until it goes, and when it goes, scripts that lost their
 * consent would send what they have gathered. A policy is in force at once, for all of the page but its workers. Frames are the gate's.
 * Source: https://www.w3.org/TR/CSP3/#delivery-meta
 */
export function silence(base: string): void {
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = `default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ${base}/; frame-src *`;
  document.head.append(policy);
}
