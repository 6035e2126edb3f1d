/**
 * The number that a cell prints: `85`, and `(7)` or `3.` among brackets, points and spaces. Undefined where
 * there is anything else, no digit or more than four.
 */
export function plainNumber(text: string): number | undefined {
  let value = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c >= 0x30 && c <= 0x39) {
      value = value * 10 + (c - 0x30);
      digits++;
    } else if (!AROUND.includes(text.charAt(at))) return undefined;
  }
  return digits > 0 && digits <= 4 ? value : undefined;
}

const AROUND = '(). ';
