/** Lets text and addresses of scripts through on a page that enforces Trusted Types. */

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: Record<string, (text: string) => string>,
  ): {createScript(text: string): string; createScriptURL(url: string): string};
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/** With Trusted Types enforced, the page's author trusts the marked tags by allowing the policy `consent-server`. */
export function trusted() {
  const factory = (window as {trustedTypes?: TrustedTypes}).trustedTypes;
  const same = (text: string) => text;
  policy ??= factory?.createPolicy('consent-server', {createScript: same, createScriptURL: same}) ?? {
    createScript: same,
    createScriptURL: same,
  };
  return policy;
}
