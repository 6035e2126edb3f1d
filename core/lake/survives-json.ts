/**
 * True where JSON has a text for a value that reads as the very same value: made of plain objects without
 * undefined properties, lists without holes, strings, booleans, null and finite numbers other than -0.
 */
export function survivesJson(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) {
    for (const each of value) if (!survivesJson(each)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const name in value) if (!survivesJson(value[name as never])) return false;
  return true;
}
