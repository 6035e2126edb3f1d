export type RaceType = 'Flat' | 'Hurdle' | 'Chase' | 'NH Flat';

/** No jumps or National Hunt race is run over less than this. */
const SHORTEST_JUMPS_FURLONGS = 12;

const BY_NAME: readonly (readonly [RegExp, RaceType])[] = [
  [/\bhurdles?\b/i, 'Hurdle'],
  [/\bchase\b|\bsteeple-?chase\b/i, 'Chase'],
  [
    /\bnational hunt flat\b|\bbumper\b|\bi\.?\s?n\.?\s?h\.?\s+flat\b|\bn\.?\s?h\.?\s+flat\b|\bnhf\b/i,
    'NH Flat',
  ],
];

/** The kind of race: by its distance, else by the obstacles that the page counts (`9 hurdles`), else by its title. */
export function raceType(furlongs: number, obstacles: string, title: string): RaceType {
  if (furlongs < SHORTEST_JUMPS_FURLONGS) return 'Flat';
  if (/hurdle/i.test(obstacles)) return 'Hurdle';
  if (/fence/i.test(obstacles)) return 'Chase';
  return BY_NAME.find(([words]) => words.test(title))?.[1] ?? 'Flat';
}
