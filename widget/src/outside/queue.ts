/**
 * The list in which a party's script looks for commands that came before it. Only for parties whose own snippet makes it as a plain
 * list and keeps one that is there.
 */
export function queue(name: string): unknown[] {
  const page = window as unknown as Record<string, unknown[] | undefined>;
  const commands = page[name] ?? [];
  page[name] = commands;
  return commands;
}
