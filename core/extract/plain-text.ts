/**
 * What a field of somebody's JSON says; empty for what is neither a text nor a number. `String` and `Number`
 * throw for an object with a `toString` of its own, and for lists in lists without end.
 */
export function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
