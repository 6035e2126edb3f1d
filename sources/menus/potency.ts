/** How much of a substance a product has: one of the two, by the unit. */
export interface Potency {
  /** Per cent. */
  readonly pct: number | null;
  /** Milligrams. */
  readonly mg: number | null;
}

const NONE: Potency = { pct: null, mg: null };

/** As platforms write it: `{ unit: 'PERCENTAGE', range: [18, 24.5] }`, `{ formatted: '24.5%' }`. */
export interface WrittenPotency {
  readonly unit?: string | null | undefined;
  readonly range?: readonly (number | null)[] | null | undefined;
  readonly formatted?: string | null | undefined;
}

/** The upper end of the range, else of the text; nothing where the unit is neither of the two. */
export function potencyOf(written: WrittenPotency | null | undefined): Potency {
  if (!written) return NONE;
  const formatted = written.formatted ?? '';
  const range = (written.range ?? []).filter((end) => end !== null);
  const ends = range.length > 0 ? range : numbersIn(formatted);
  if (ends.length === 0) return NONE;
  const upper = Math.max(...ends);
  const unit = (written.unit || formatted).trim();
  if (/^PERCENT|%$/i.test(unit)) return { pct: upper, mg: null };
  return /^MILLIGRAM|mg$/i.test(unit) ? { pct: null, mg: upper } : NONE;
}

function numbersIn(text: string): number[] {
  return [...text.matchAll(/\d+(?:\.\d+)?|\.\d+/g)].map(([number]) => Number(number));
}
