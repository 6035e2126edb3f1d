import { isNone } from './none.ts';

/** Prize money by place, in the currency that the page prints. Places that print no amount are left out. */
export type Prizes = ReadonlyMap<number, number>;

/** What a page prints for a place: `1st` or `1`, and `£34,026`. */
export interface PrintedPrize {
  readonly place: string;
  readonly amount: string;
}

/** Undefined where a place or an amount cannot be read, or a place stands twice with two amounts. */
export function readPrizes(printed: readonly PrintedPrize[]): Prizes | undefined {
  const prizes = new Map<number, number>();
  for (const prize of printed) {
    const place = /^(\d{1,3})(?:st|nd|rd|th)?:?$/i.exec(prize.place.trim())?.[1];
    const amount = parseAmount(prize.amount);
    if (place === undefined || amount === undefined) return undefined;
    if (amount === null) continue;
    const known = prizes.get(Number(place));
    if (known !== undefined && known !== amount) return undefined;
    prizes.set(Number(place), amount);
  }
  return prizes;
}

/** `£12,345.60` is 12345.6; null for a dash; undefined where there is no amount. */
export function parseAmount(text: string): number | null | undefined {
  const amount = text.trim();
  if (isNone(amount)) return null;
  const match = /^[^\d]{0,4}(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*\D{0,4}$/.exec(amount);
  return match ? Number(`${match[1]?.replaceAll(',', '')}${match[2] ?? ''}`) : undefined;
}
