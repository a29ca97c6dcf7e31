/** The script element that runs this file; past the document's own properties, which an element named `currentScript` replaces. */
export function ownTag(): HTMLScriptElement | undefined {
  const current = Reflect.get(Document.prototype, 'currentScript', document);
  return current instanceof HTMLScriptElement ? current : undefined;
}
