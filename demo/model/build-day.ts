import { type CivilDate, epochDay } from '../../core/window/civil-date.ts';
import { buildRace } from './build-race.ts';
import { COURSES, meetingLabel } from './courses.ts';
import type { Special } from './finish.ts';
import { goingOf } from './going.ts';
import {
  COUNTRIES,
  type Country,
  type Course,
  type Meeting,
  type Race,
  type RacingDay,
} from './racing-day.ts';
import { seeded, shuffled } from './random.ts';

export interface ModelOptions {
  readonly seed: number;
  /** Times the usual number of races (about 12 gb, 5 ire, 5 fr). */
  readonly racesPerDay: number;
  /** Runners in every race; null draws 8 to 14. */
  readonly fieldSize: number | null;
  /** False leaves out void races, walkovers, dead heats and all else that is rare: every page has every fact. */
  readonly specials: boolean;
}

const USUAL: Record<Country, readonly [number, number]> = { gb: [11, 13], ire: [5, 6], fr: [5, 6] };
const RACES_A_MEETING = 7;

/** The special that a country's third race (second in Ireland and France) has, by day of a seven-day round. */
const ROUND: Record<Country, readonly Special[]> = {
  gb: ['dead-heat-first', 'dead-heat-third', 'disqualified', 'void', 'walkover', 'no-odds', 'zero-time'],
  ire: ['disqualified', 'standard-time', null, 'dead-heat-first', null, 'zero-time', null],
  fr: [null, 'no-odds', 'dead-heat-third', null, 'standard-time', null, 'disqualified'],
};
/** Days of the round on which one more meeting is abandoned. */
const ABANDONED: Record<Country, number> = { gb: 5, ire: 2, fr: 6 };
const REASONS = ['waterlogged', 'frozen track', 'unsafe ground', 'high winds'];

/** All meetings of a date, in every country, from nothing but the options and the date. */
export function buildDay(options: ModelOptions, date: CivilDate): RacingDay {
  const meetings = COUNTRIES.flatMap((country) => countryMeetings(options, date, country));
  return { date, meetings: [...meetings, foreignMeeting(options, date)] };
}

/** The races of one country, in the order of the index; the nth of them is what a fault plan counts. */
export function racesOf(day: RacingDay, country: Country): readonly Race[] {
  return day.meetings
    .filter((meeting) => meeting.course.country === country)
    .flatMap((meeting) => meeting.races);
}

function countryMeetings(options: ModelOptions, date: CivilDate, country: Country): Meeting[] {
  const random = seeded(options.seed, 'day', date, country, options.racesPerDay);
  const round = (epochDay(date) + options.seed) % 7;
  const total = Math.max(1, Math.round(random.int(...USUAL[country]) * options.racesPerDay));
  const count = Math.ceil(total / RACES_A_MEETING);
  const courses = COURSES.filter((course) => course.country === country);
  const order = shuffled(courses.length, random);
  const taken = new Set<number>();
  const special = options.specials ? ROUND[country][round]! : null;

  const meetings: Meeting[] = [];
  for (let nth = 0, done = 0; nth < count; nth++) {
    const races = Math.ceil((total - done) / (count - nth));
    // More meetings than courses: a course then has an afternoon and an evening.
    const course = courses[order[nth % order.length]!]!;
    const specials = nth === 0 ? specialsOf(special, country === 'gb' ? 2 : 1) : [];
    meetings.push(meeting(options, date, course, idBase(date, country) + done, races, specials, taken));
    done += races;
  }
  if (options.specials && round === ABANDONED[country]) {
    const course = courses[order[count % order.length]!]!;
    const reason = random.pick(REASONS);
    meetings.push({
      course,
      label: meetingLabel(course),
      going: goingOf(course, random),
      abandoned: reason,
      races: [],
    });
  }
  return meetings;
}

function specialsOf(special: Special, at: number): Special[] {
  return Array.from({ length: at + 1 }, (_, nth) => (nth === at ? special : null));
}

function foreignMeeting(options: ModelOptions, date: CivilDate): Meeting {
  const courses = COURSES.filter((course) => course.country === 'usa');
  const course = courses[epochDay(date) % courses.length]!;
  return meeting(options, date, course, idBase(date, 'gb') + 950, 2, [], new Set());
}

function meeting(
  options: ModelOptions,
  date: CivilDate,
  course: Course,
  firstId: number,
  races: number,
  specials: readonly Special[],
  taken: Set<number>,
): Meeting {
  const random = seeded(options.seed, 'meeting', firstId);
  const going = goingOf(course, random);
  const jumps = course.codes === 'jumps' || (course.codes === 'both' && random.chance(0.6));
  const first = course.allWeather ? 17 * 60 : 13 * 60 + random.int(0, 5) * 5;
  return {
    course,
    label: meetingLabel(course),
    going,
    abandoned: null,
    races: Array.from({ length: races }, (_, nth) =>
      buildRace({
        seed: options.seed,
        id: firstId + nth,
        course,
        date,
        off: clock(first + nth * 30 + (nth % 3) * 5),
        going,
        jumps,
        nth,
        races,
        special: specials[nth] ?? null,
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
