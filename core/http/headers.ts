/** Header pairs as they came over the wire: order and case kept, repeats repeated. */
export type HeaderPairs = readonly (readonly [string, string])[];

/** The first value of a header, trimmed; `name` in lower case. */
export function headerValue(headers: HeaderPairs, name: string): string | undefined {
  for (const [key, value] of headers) {
    if (key.length === name.length && key.toLowerCase() === name) return value.trim();
  }
  return undefined;
}

/** Every value of a header as one comma-separated list (RFC 9110, section 5.3); empty where there is none. */
export function headerList(headers: HeaderPairs, name: string): string[] {
  const items: string[] = [];
  for (const [key, value] of headers) {
    if (key.length !== name.length || key.toLowerCase() !== name) continue;
    for (const item of value.split(',')) if (item.trim() !== '') items.push(item.trim());
  }
  return items;
}
