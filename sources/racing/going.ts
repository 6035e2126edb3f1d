export type Surface = 'Turf' | 'AW' | 'Dirt';

/**
 * The surface that a going is spoken of: `Standard To Slow` is all-weather, `Fast` dirt. Null without a
 * going.
 */
export function surfaceOf(going: string | null): Surface | null {
  if (going === null) return null;
  if (/^(?:standard|slow)\b/i.test(going)) return 'AW';
  if (/^(?:fast|muddy|sloppy)\b/i.test(going)) return 'Dirt';
  return 'Turf';
}

/**
 * Lengths that a horse covers in a second at the end of a race, by the first word of the going that is
 * listed.
 */
const FLAT_LENGTHS_PER_SECOND: Readonly<Record<string, number>> = {
  good: 6,
  firm: 6,
  standard: 6,
  fast: 6,
  hard: 6,
  slow: 6,
  sloppy: 6,
  soft: 5,
  heavy: 5,
  yielding: 5,
  holding: 5,
};
const JUMPS_LENGTHS_PER_SECOND: Readonly<Record<string, number>> = {
  firm: 5,
  standard: 5,
  hard: 5,
  fast: 5,
  good: 5,
  soft: 4,
  heavy: 4,
  yielding: 4,
  slow: 4,
  holding: 4,
};

/**
 * Lengths per second. `Good To Soft` counts as good: the going leads with what most of the course is. A going
 * that the table does not know (`Muddy`) and no going at all count as the fast ones.
 */
export function lengthsPerSecond(going: string | null, code: 'flat' | 'jumps'): number {
  const rates = code === 'flat' ? FLAT_LENGTHS_PER_SECOND : JUMPS_LENGTHS_PER_SECOND;
  for (const word of (going ?? '').toLowerCase().split(/[^a-z]+/)) {
    const rate = Object.hasOwn(rates, word) ? rates[word] : undefined;
    if (rate !== undefined) return rate;
  }
  return code === 'flat' ? 6 : 5;
}
