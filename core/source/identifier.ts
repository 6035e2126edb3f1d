/** See `isIdentifier`; for a JSON Schema. */
export const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** True for what may stand in a key, a path or a partition value (design, section 13). */
export function isIdentifier(text: string): boolean {
  // Most are numbers, and a page has a hundred of them.
  return isNumber(text) || IDENTIFIER.test(text);
}

function isNumber(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isDigit(text.charCodeAt(at))) return false;
  return text.length > 0 && text.length <= 128;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/**
 * Letter case aside: what Hive, DuckDB or pandas take for no value at all where it stands in a path as
 * `country=…`.
 */
const NO_VALUE = new Set(['null', 'none', 'nan', 'na', 'nil', 'undefined', '__hive_default_partition__']);

/** Why text may not be the value of a partition, in one line; undefined where it may. */
export function partitionValueProblem(text: string): string | undefined {
  if (NO_VALUE.has(text.toLowerCase())) return 'query engines read this word in a path as no value';
  return isIdentifier(text) ? undefined : 'not an identifier (letters, digits, . _ -; at most 128)';
}

/** The first two that differ in letter case at most: file systems and SQL take them for one. */
export function sameButForCase(names: readonly string[]): readonly [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const name of names) {
    const before = seen.get(name.toLowerCase());
    if (before !== undefined) return [before, name];
    seen.set(name.toLowerCase(), name);
  }
  return undefined;
}
