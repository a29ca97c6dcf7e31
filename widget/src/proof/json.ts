/**
 * JSON (RFC 8259) of plain data, members sorted, without white space; what is undefined is left out. Old libraries teach arrays
 * and objects a `toJSON` that writes something else (Prototype.js before 1.7): no object is handed to `JSON.stringify` here.
 */
export function json(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(json).join()}]`;
  }
  if (value && typeof value === 'object') {
    const members = value as Record<string, unknown>;
    const names = Object.keys(members).sort();
    return `{${names.flatMap((name) => (members[name] === undefined ? [] : `${JSON.stringify(name)}:${json(members[name])}`)).join()}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
