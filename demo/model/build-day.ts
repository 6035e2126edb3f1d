import { type CivilDate, epochDay } from '../../core/calendar/civil-date.ts';
import { buildRace } from './build-race.ts';
import { COURSES } from './courses.ts';
import type { Special } from './finish.ts';
import { goingOf } from './going.ts';
import {
  COUNTRIES,
  type Country,
  type Course,
  heldIn,
  type Meeting,
  type Race,
  type RacingDay,
} from './racing-day.ts';
import { seeded, shuffled } from './random.ts';

export interface ModelOptions {
  readonly seed: number;
  /** Times the usual number of races (about 12 gb, 5 ire, 5 fr). */
  readonly racesPerDay: number;
  /** Runners in every race; null draws 8 to 14, rarely up to 24. */
  readonly fieldSize: number | null;
  /**
   * False leaves out void races, walkovers, dead heats and all else that is rare: every page has every fact.
   */
  readonly specials: boolean;
}

const USUAL: Record<Country, readonly [number, number]> = { gb: [11, 13], ire: [5, 6], fr: [5, 6] };
const RACES_A_MEETING = 7;

/**
 * The special that a country's third race (second in Ireland and France) has, by day of a seven-day round.
 */
const ROUND: Record<Country, readonly Special[]> = {
  gb: [
    'dead-heat-first',
    'dead-heat-third',
    'disqualified-winner',
    'void',
    'walkover',
    'no-odds',
    'zero-time',
  ],
  ire: [
    'disqualified-behind',
    'standard-time',
    'riderless',
    'dead-heat-first',
    null,
    'void-with-prizes',
    null,
  ],
  fr: ['riderless', 'no-odds', 'dead-heat-third', null, 'standard-time', null, 'disqualified-winner'],
};
/** Days of the round on which one more meeting is abandoned, and on which a meeting loses its last races. */
const ABANDONED: Record<Country, number> = { gb: 5, ire: 2, fr: 6 };
const CUT_SHORT: Record<Country, number> = { gb: 1, ire: 3, fr: 0 };
const REASONS = ['waterlogged', 'frozen track', 'unsafe ground', 'high winds'];
const LOST_MEETING = 6;
const LOST_RACES = 2;

/**
 * All meetings of a date, in every country, from nothing but the options and the date. Nobody races at
 * Christmas.
 */
export function buildDay(options: ModelOptions, date: CivilDate): RacingDay {
  if (options.specials && isChristmas(date)) return { date, meetings: [] };
  const taken: Taken = { gb: new Set(), ire: new Set(), fr: new Set() };
  const meetings = COUNTRIES.flatMap((country) => countryMeetings(options, date, country, taken[country]));
  return { date, meetings: [...meetings, ...distantMeetings(options, date, taken)] };
}

export function isChristmas(date: CivilDate): boolean {
  return date.endsWith('-12-25');
}

/** The races of one country that come to have a page, in the order of the index: what a fault plan counts. */
export function racesOf(day: RacingDay, country: Country): readonly Race[] {
  return day.meetings
    .filter((meeting) => heldIn(meeting.course.country) === country)
    .flatMap((meeting) => meeting.races)
    .filter((race) => race.outcome !== 'abandoned');
}

/** What has not been run yet while the day is on: the last race of Great Britain. */
export function lastRaceOf(options: ModelOptions, day: RacingDay): Race | undefined {
  return options.specials ? racesOf(day, 'gb').findLast((race) => race.country === 'gb') : undefined;
}

function countryMeetings(
  options: ModelOptions,
  date: CivilDate,
  country: Country,
  taken: Set<number>,
): Meeting[] {
  const random = seeded(options.seed, 'day', date, country, options.racesPerDay);
  const round = (epochDay(date) + options.seed) % 7;
  const total = Math.max(1, Math.round(random.int(...USUAL[country]) * options.racesPerDay));
  const count = Math.ceil(total / RACES_A_MEETING);
  const courses = COURSES.filter((course) => course.country === country);
  const order = shuffled(courses.length, random);
  const special = options.specials ? ROUND[country][round]! : null;

  const meetings: Meeting[] = [];
  for (let nth = 0, done = 0; nth < count; nth++) {
    const races = Math.ceil((total - done) / (count - nth));
    // More meetings than courses: a course then has an afternoon and an evening.
    const course = courses[order[nth % order.length]!]!;
    const specials = nth === 0 ? specialsOf(special, country === 'gb' ? 2 : 1) : [];
    meetings.push(meeting(options, date, course, idBase(date, country) + done, { races, specials, taken }));
    done += races;
  }
  if (options.specials && round === CUT_SHORT[country]) {
    const first = meetings[0]!;
    const lost = lostRaces(options, date, first.course, first.races.length + 1, LOST_RACES);
    meetings[0] = { ...first, races: [...first.races, ...lost] };
  }
  if (options.specials && round === ABANDONED[country]) {
    const course = courses[order[count % order.length]!]!;
    const races = lostRaces(options, date, course, 0, LOST_MEETING);
    meetings.push({ course, going: goingOf(course, random), abandoned: random.pick(REASONS), races });
  }
  return meetings;
}

function specialsOf(special: Special, at: number): Special[] {
  return Array.from({ length: at + 1 }, (_, nth) => (nth === at ? special : null));
}

/** Races that were declared and never run, `after` others of their meeting. */
function lostRaces(
  options: ModelOptions,
  date: CivilDate,
  course: Course,
  after: number,
  count: number,
): readonly Race[] {
  const firstId =
    idBase(date, 'gb') + 960 + { gb: 0, ire: 10, fr: 20 }[course.country as Country] + (after ? 7 : 0);
  const specials = Array.from({ length: count }, (): Special => 'abandoned');
  return meeting(options, date, course, firstId, { races: count, specials, taken: new Set(), after }).races;
}

/** Hong Kong every day, for which no target asks; America and an Arabian card in Britain in turn. */
function distantMeetings(options: ModelOptions, date: CivilDate, taken: Taken): Meeting[] {
  const day = epochDay(date);
  const other = day % 2 ? 'usa' : 'aro';
  return (['hk', other] as const).map((country, nth) => {
    const courses = COURSES.filter((course) => course.country === country);
    const id = idBase(date, 'gb') + 950 + nth * 4;
    // An Arabian card is run in Britain, by horses that run nowhere else there.
    const elsewhere = country === 'aro' ? taken.gb : new Set<number>();
    return meeting(options, date, courses[day % courses.length]!, id, {
      races: 2,
      specials: [],
      taken: elsewhere,
    });
  });
}

/** Horses that run on a day already, by the country that they are of. */
type Taken = Readonly<Record<Country, Set<number>>>;

interface Card {
  readonly races: number;
  readonly specials: readonly Special[];
  /** Horses of this day that run elsewhere already. */
  readonly taken: Set<number>;
  /** Races of the meeting before these. @default 0 */
  readonly after?: number;
}

function meeting(
  options: ModelOptions,
  date: CivilDate,
  course: Course,
  firstId: number,
  card: Card,
): Meeting {
  const { races, specials, taken, after = 0 } = card;
  const random = seeded(options.seed, 'meeting', firstId);
  const going = goingOf(course, random);
  const jumps = course.codes === 'jumps' || (course.codes === 'both' && random.chance(0.6));
  const first = course.allWeather ? 17 * 60 : 13 * 60 + random.int(0, 5) * 5;
  return {
    course,
    going,
    abandoned: null,
    races: Array.from({ length: races }, (_, nth) =>
      buildRace({
        seed: options.seed,
        id: firstId + nth,
        course,
        date,
        off: clock(first + (nth + after) * 30 + ((nth + after) % 3) * 5),
        going,
        jumps,
        nth,
        races,
        special: specials[nth] ?? null,
        rarities: options.specials,
        fieldSize: options.fieldSize,
        taken,
      }),
    ),
  };
}

/** A thousand ids a day, the countries apart, so that an id is one race whatever the options are. */
function idBase(date: CivilDate, country: Country): number {
  return epochDay(date) * 1000 + { gb: 0, ire: 400, fr: 600 }[country];
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
