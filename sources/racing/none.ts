/**
 * What the pages print where there is nothing to print. Words such as `n/a` are not among it: they show a
 * changed page.
 */
const DASHES = '-–—−';

/** True for a cell that says "none": empty, a hyphen, an en or em dash. */
export function isNone(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!DASHES.includes(text.charAt(at))) return false;
  return true;
}

/** The text, or null where the cell says "none". */
export function textOrNull(text: string | undefined): string | null {
  return text === undefined || isNone(text) ? null : text;
}

/** Takes one pair of round brackets off: `(Class 4)` is `Class 4`. */
export function withoutBrackets(text: string): string {
  return text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1).trim() : text;
}
