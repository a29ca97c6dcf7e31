/** 128 random bits in base64url, 22 characters. */
export function randomId(): string {
  const bytes = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)));
  return btoa(bytes).replace(/\+/g, '-').replace(/\//g, '_').slice(0, 22);
}
