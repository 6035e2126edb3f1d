import { isNone } from './none.ts';

/**
 * Prize of each place from the texts of the prize block: the first is its heading, then one a place.
 * The amount is in the currency that the page prints. Undefined where a text has no readable amount.
 */
export function readPrizes(texts: readonly string[]): readonly (number | null)[] | undefined {
  const prizes = texts.slice(1).map(parsePrize);
  return prizes.includes(undefined) ? undefined : (prizes as (number | null)[]);
}

/** `£12,345.60` is 12345.6, `1st €5,000` is 5000; null for a dash; undefined where there is no amount. */
export function parsePrize(text: string): number | null | undefined {
  const amount = text.replace(/^\d+(?:st|nd|rd|th)\b:?/i, '').trim();
  if (isNone(amount)) return null;
  const match = /^[^\d]{0,4}(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*\D{0,4}$/.exec(amount);
  return match ? Number(`${match[1]?.replaceAll(',', '')}${match[2] ?? ''}`) : undefined;
}
