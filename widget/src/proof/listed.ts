/** Names in a row, with the comma of the language; what travels with a page the server has listed already. */
export function listed(parts: string[], language: string): string {
  return parts.join(/^(ar|fa|ur)/.test(language) ? '، ' : ', ');
}
