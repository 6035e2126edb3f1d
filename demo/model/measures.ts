import type { Distance, Lengths, WinningTime } from './racing-day.ts';

/** Margins as a judge calls them, in lengths (racing.md). */
const NAMED: readonly Lengths[] = [
  { text: 'nse', value: 0.05 },
  { text: 'shd', value: 0.1 },
  { text: 'hd', value: 0.2 },
  { text: 'snk', value: 0.2 },
  { text: 'nk', value: 0.3 },
];
/** Printed between two neighbours only: readers of these pages know no overall distance of that name. */
const LONG_NECK: Lengths = { text: 'lgnk', value: 0.4 };
const QUARTERS = ['', '¼', '½', '¾'];

/** Margins between two neighbours, short ones often. */
export const MARGINS: readonly Lengths[] = [
  ...NAMED,
  LONG_NECK,
  { text: 'sht-hd', value: 0.1 },
  ...[
    0.5, 0.5, 0.75, 0.75, 1, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 4, 4.5, 5, 6, 7, 9, 11, 14,
  ].map(lengthsOf),
  { text: 'dist', value: 30 },
];

/** Margins behind the winner, where the one that is printed is the overall distance as well. */
export const FIRST_MARGINS = MARGINS.filter((margin) => margin !== LONG_NECK);

export const DEAD_HEAT: Lengths = { text: 'dht', value: 0 };
export const WINNER: Lengths = { text: '', value: 0 };

/**
 * The nearest margin that can be printed: named below ½, else to the quarter. Its `value` is what the print
 * says, which is what a reader can find.
 */
export function lengthsOf(value: number): Lengths {
  if (value < 0.45) return NAMED.reduce((best, one) => (gap(one, value) < gap(best, value) ? one : best));
  const quarters = Math.round(value * 4);
  const whole = Math.floor(quarters / 4);
  return { text: `${whole || ''}${QUARTERS[quarters % 4]}`, value: quarters / 4 };
}

const gap = (one: Lengths, value: number): number => Math.abs(one.value - value);

/** From half furlongs (110 yards) and the yards that the official measurement lies off, -54 to 54. */
export function distanceOf(halfFurlongs: number, offsetYards: number): Distance {
  const furlongs = halfFurlongs / 2;
  const yards = halfFurlongs * 110 + offsetYards;
  const rest = furlongs % 8;
  const half = rest % 1 === 0.5 ? '½' : '';
  const miles = Math.floor(furlongs / 8);
  const text = `${miles ? `${miles}m` : ''}${rest ? `${Math.floor(rest) || ''}${half}f` : ''}`;
  return { text, fullText: offsetYards === 0 ? null : fullDistance(yards), furlongs, yards };
}

function fullDistance(yards: number): string {
  const miles = Math.floor(yards / 1760);
  const furlongs = Math.floor((yards % 1760) / 220);
  const rest = yards % 220;
  return `${miles ? `${miles}m` : ''}${furlongs ? `${furlongs}f` : ''}${rest ? `${rest}yds` : ''}`;
}

/** `1m 38.52s`, `58.31s`. */
export function clockText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - minutes * 60).toFixed(2);
  return minutes ? `${minutes}m ${rest}s` : `${rest}s`;
}

/** `1m 38.52s (slow by 2.12s)`. */
export function winningTimeText({ text, comparison }: WinningTime): string {
  return comparison === null ? text : `${text} (${comparison})`;
}

export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
