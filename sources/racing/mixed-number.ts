const VULGAR: Readonly<Record<string, number>> = {
  '¼': 1 / 4,
  '½': 1 / 2,
  '¾': 3 / 4,
  '⅓': 1 / 3,
  '⅔': 2 / 3,
  '⅕': 1 / 5,
  '⅖': 2 / 5,
  '⅗': 3 / 5,
  '⅘': 4 / 5,
  '⅙': 1 / 6,
  '⅚': 5 / 6,
  '⅛': 1 / 8,
  '⅜': 3 / 8,
  '⅝': 5 / 8,
  '⅞': 7 / 8,
};

/** Source of a regular expression for a mixed number (`2½`, `½`, `2 1/2`, `2.5`, `3`), without groups. */
export const MIXED_NUMBER = String.raw`(?:\d+\s*[¼-¾⅓-⅞]|[¼-¾⅓-⅞]|\d+\s+\d+\/\d+|\d+\/\d+|\d+(?:\.\d+)?)`;

const WHOLE = new RegExp(`^${MIXED_NUMBER}$`);

/** `2½` is 2.5; undefined where the text is no mixed number. */
export function parseMixedNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (!WHOLE.test(trimmed)) return undefined;
  const last = VULGAR[trimmed.at(-1) ?? ''];
  if (last !== undefined) return Number(trimmed.slice(0, -1)) + last;
  const [whole, fraction] = trimmed.includes('/') ? splitFraction(trimmed) : [trimmed, undefined];
  const value = Number(whole) + (fraction ?? 0);
  return Number.isFinite(value) ? value : undefined;
}

function splitFraction(text: string): [whole: string, fraction: number] {
  const parts = text.split(/\s+/);
  const [over = '', under = ''] = (parts.at(-1) ?? '').split('/');
  return [parts.length > 1 ? (parts[0] ?? '') : '0', Number(over) / Number(under)];
}
