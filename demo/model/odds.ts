/** Fractional prices as bookmakers quote them. */
const LADDER: readonly (readonly [number, number])[] = [
  [1, 4],
  [2, 7],
  [4, 11],
  [4, 9],
  [8, 13],
  [4, 6],
  [8, 11],
  [5, 6],
  [10, 11],
  [1, 1],
  [11, 10],
  [5, 4],
  [11, 8],
  [6, 4],
  [13, 8],
  [7, 4],
  [15, 8],
  [2, 1],
  [9, 4],
  [5, 2],
  [11, 4],
  [3, 1],
  [10, 3],
  [7, 2],
  [4, 1],
  [9, 2],
  [5, 1],
  [11, 2],
  [6, 1],
  [13, 2],
  [7, 1],
  [15, 2],
  [8, 1],
  [9, 1],
  [10, 1],
  [12, 1],
  [14, 1],
  [16, 1],
  [20, 1],
  [25, 1],
  [33, 1],
  [40, 1],
  [50, 1],
  [66, 1],
  [100, 1],
  [150, 1],
];

export interface Price {
  /** Favourite mark included: `9/4F`, `EvensJ`. */
  readonly text: string;
  /** Fraction + 1, not rounded. */
  readonly decimal: number;
}

/** Prices for chances that add up to 1, with a bookmaker's margin; F, J or C marks the shortest. */
export function pricesOf(chances: readonly number[], margin: number): Price[] {
  const rungs = chances.map((chance) => rung(1 / (chance * margin) - 1));
  const shortest = Math.min(...rungs);
  const favourites = rungs.filter((one) => one === shortest).length;
  const mark = favourites === 1 ? 'F' : favourites === 2 ? 'J' : 'C';
  return rungs.map((one) => {
    const [numerator, denominator] = LADDER[one]!;
    const fraction = numerator === denominator ? 'Evens' : `${numerator}/${denominator}`;
    return { text: one === shortest ? `${fraction}${mark}` : fraction, decimal: numerator / denominator + 1 };
  });
}

function rung(odds: number): number {
  const above = LADDER.findIndex(([numerator, denominator]) => numerator / denominator >= odds);
  return above === -1 ? LADDER.length - 1 : above;
}
