import { courseHome } from './courses.ts';
import { distanceOf } from './measures.ts';
import { FLAT, FRENCH, FRENCH_JUMPS, IRISH_BUMPER, JUMPS, type Kind, SPONSORS } from './race-kinds.ts';
import type { Country, Course, Distance, Race, RaceType } from './racing-day.ts';
import type { Random } from './random.ts';

/** What is known of a race before it is run. */
export interface Conditions {
  readonly title: string;
  readonly name: string;
  readonly raceClass: number | null;
  readonly classShown: boolean;
  readonly pattern: string | null;
  readonly ratingBand: string | null;
  readonly ageBand: string | null;
  readonly ages: readonly [number, number];
  readonly sexRestriction: Race['sexRestriction'];
  readonly distance: Distance;
  readonly type: RaceType;
  readonly obstacles: string | null;
  /** Purse of the winner in the currency of the country. */
  readonly firstPrize: number;
}

/** Class from the letter in a heading (racing.md). */
const LETTER_CLASS: Readonly<Record<string, number>> = { A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, G: 6, H: 7 };

export function conditionsOf(
  course: Course,
  jumps: boolean,
  nth: number,
  races: number,
  random: Random,
): Conditions {
  const country = courseHome(course.country);
  const kind = kindOf(country, jumps, nth, races, random);
  const bare = kind.name.replace('%', random.pick(SPONSORS[country]));
  const name = kind.tail ? `${bare} (${kind.tail})` : bare;
  const title = `${bare}${kind.mark ? ` (${kind.mark})` : ''}${kind.tail ? ` (${kind.tail})` : ''}`;
  // Races abroad are run over metres: nobody measured them in yards.
  const offset = random.chance(0.4) ? 0 : random.int(-54, 54);
  const distance = distanceOf(random.int(...kind.span), measuredInYards(course) ? offset : 0);
  const top = random.int(11, 21) * 5;
  return {
    title,
    name,
    ...classOf(kind, course.country, top),
    pattern: kind.pattern ?? null,
    ratingBand: kind.rated && country !== 'fr' ? `0-${top}` : null,
    ageBand: kind.rated && country === 'gb' && random.chance(0.1) ? null : ageText(kind.ages),
    ages: kind.ages,
    sexRestriction: kind.sex ?? null,
    distance,
    type: kind.type,
    obstacles: obstaclesOf(kind.type, country, distance, random),
    firstPrize: random.int(...kind.purse),
  };
}

function measuredInYards({ country }: Course): boolean {
  return country === 'gb' || country === 'ire' || country === 'usa';
}

function kindOf(country: Country, jumps: boolean, nth: number, races: number, random: Random): Kind {
  if (country === 'fr') return random.pick(jumps ? FRENCH_JUMPS : FRENCH);
  if (!jumps) return nth === 3 ? random.pick(FLAT.slice(6)) : random.pick(FLAT.slice(0, 6));
  if (nth === races - 1) return country === 'ire' ? IRISH_BUMPER : JUMPS.at(-1)!;
  return nth === 3 ? JUMPS[4]! : random.pick(JUMPS.slice(0, 4));
}

function classOf(
  kind: Kind,
  country: Course['country'],
  top: number,
): Pick<Conditions, 'raceClass' | 'classShown'> {
  const letter = /^Class ([A-H])$/.exec(kind.mark ?? '')?.[1];
  if (letter) return { raceClass: LETTER_CLASS[letter]!, classShown: false };
  if (country === 'gb') {
    return {
      raceClass: kind.pattern ? 1 : Math.min(6, Math.max(2, 8 - Math.floor(top / 16))),
      classShown: true,
    };
  }
  return { raceClass: kind.pattern && !kind.pattern.startsWith('Grade') ? 1 : null, classShown: false };
}

function ageText([from, to]: readonly [number, number]): string {
  return from === to ? `${from}yo` : to === 9 ? `${from}yo+` : `${from}-${to}yo`;
}

function obstaclesOf(type: RaceType, country: Country, distance: Distance, random: Random): string | null {
  // French pages leave it to the name of the race.
  if (country === 'fr' || type === 'Flat' || type === 'NH Flat') return null;
  const count = type === 'Hurdle' ? Math.round(distance.furlongs / 2) : Math.round(distance.furlongs * 0.75);
  const omitted = random.chance(0.1) ? ' 1 omitted' : '';
  return `${count} ${type === 'Hurdle' ? 'hurdles' : 'fences'}${omitted}`;
}
