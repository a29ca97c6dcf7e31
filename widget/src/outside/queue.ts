/**
 * The list in which a party's script looks for commands that came before it. Only for parties whose own snippet makes it as a plain
 * list and keeps one that is there.
 */
export function queue(name: string): unknown[] {
  // biome-ignore lint/suspicious/noAssignInExpressions: most sites' scripts hold it, so it is as short as can be.
  return ((window as unknown as Record<string, unknown[] | undefined>)[name] ??= []);
}
