import { memoized } from './memoized.ts';
import { MIXED_NUMBER, parseMixedNumber } from './mixed-number.ts';

const YARDS_IN_FURLONG = 220;
const YARDS_IN_MILE = 1760;
const FURLONGS_IN_MILE = 8;
const METRES_IN = { mile: 1609.34, furlong: 201.168, yard: 0.9144 } as const;
/** Elsewhere races are laid out in metres, and a printed furlong stands for 200 of them. */
const IMPERIAL_COUNTRIES: ReadonlySet<string> = new Set(['GB', 'IRE', 'USA', 'CAN']);
const METRES_IN_FURLONG_ABROAD = 200;

const DISTANCE = new RegExp(
  String.raw`^(?:(${MIXED_NUMBER})\s*m(?:iles?)?)?\s*(?:(${MIXED_NUMBER})\s*f(?:urlongs?)?)?\s*(?:(\d+)\s*(?:yards?|yds?|y))?$`,
  'i',
);

/** A distance as racing prints it: `1m2f110yds` is one mile, two furlongs and 110 yards. */
export interface Distance {
  readonly miles: number;
  readonly furlongs: number;
  readonly yards: number;
}

/** `1m2½f`, `(1m2f110yds)`, `5f`, `2m`; undefined where the text is no distance. */
export const parseDistance: (text: string) => Distance | undefined = memoized((text) => {
  const bare = text.replace(/[()]/g, '').trim();
  const match = bare === '' ? null : DISTANCE.exec(bare);
  if (!match) return undefined;
  const [miles, furlongs, yards] = [match[1], match[2], match[3]].map((part) =>
    part === undefined ? 0 : parseMixedNumber(part),
  );
  // A flat or jumps race is never 20 miles long: `2000m` are metres, which these pages do not print.
  if (miles === undefined || furlongs === undefined || yards === undefined || miles > 20) return undefined;
  return { miles, furlongs, yards };
});

/** A number of yards as a page of racing prints it: 2310 are 1m2f110yds. */
export function distanceOfYards(yards: number): Distance {
  const rest = yards % YARDS_IN_MILE;
  return {
    miles: Math.floor(yards / YARDS_IN_MILE),
    furlongs: Math.floor(rest / YARDS_IN_FURLONG),
    yards: rest % YARDS_IN_FURLONG,
  };
}

/** The columns dist_y, dist_f and dist_m. */
export interface RaceDistance {
  /** Whole yards. */
  readonly yards: number;
  /** Furlongs, a mile is 8; at most three decimals. */
  readonly furlongs: number;
  /** Whole metres. */
  readonly metres: number;
}

/**
 * Furlongs come from the rounded distance (`1m2½f`), which is the one that races are compared by; yards and
 * metres from the exact one (`1m2f110yds`). Either stands in for the other. Undefined where there is neither.
 * In countries that measure in metres (`country`, a code in capitals) metres are 200 a furlong.
 */
export function raceDistance(
  rounded: Distance | undefined,
  exact: Distance | undefined,
  country = 'GB',
): RaceDistance | undefined {
  const forFurlongs = rounded ?? exact;
  const forLength = exact ?? rounded;
  if (!forFurlongs || !forLength) return undefined;
  const furlongs = Number(furlongsOf(forFurlongs).toFixed(3));
  const metres = IMPERIAL_COUNTRIES.has(country) ? metresOf(forLength) : furlongs * METRES_IN_FURLONG_ABROAD;
  return { furlongs, yards: Math.round(yardsOf(forLength)), metres: Math.round(metres) };
}

function furlongsOf({ miles, furlongs, yards }: Distance): number {
  return miles * FURLONGS_IN_MILE + furlongs + yards / YARDS_IN_FURLONG;
}

function yardsOf({ miles, furlongs, yards }: Distance): number {
  return miles * YARDS_IN_MILE + furlongs * YARDS_IN_FURLONG + yards;
}

function metresOf({ miles, furlongs, yards }: Distance): number {
  return miles * METRES_IN.mile + furlongs * METRES_IN.furlong + yards * METRES_IN.yard;
}
