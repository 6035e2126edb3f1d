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

/** The codes of today's markup; X is a flat race on an all-weather track. */
const BY_CODE: ReadonlyMap<string, RaceType> = new Map([
  ['F', 'Flat'],
  ['X', 'Flat'],
  ['H', 'Hurdle'],
  ['C', 'Chase'],
  ['B', 'NH Flat'],
  ['W', 'NH Flat'],
]);

/**
 * The kind of race: by the code that today's markup gives, else by its distance, by the obstacles that the
 * page counts (`9 hurdles`), by its title.
 */
export function raceType(furlongs: number, obstacles: string, title: string, code = ''): RaceType {
  const coded = BY_CODE.get(code.trim().toUpperCase());
  if (coded !== undefined) return coded;
  if (furlongs < SHORTEST_JUMPS_FURLONGS) return 'Flat';
  if (/hurdle/i.test(obstacles)) return 'Hurdle';
  if (/fence/i.test(obstacles)) return 'Chase';
  return BY_NAME.find(([words]) => words.test(title))?.[1] ?? 'Flat';
}
