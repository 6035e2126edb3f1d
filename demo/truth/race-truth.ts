import type { CivilDate } from '../../core/calendar/civil-date.ts';
import { lengthsPerSecond } from '../model/going.ts';
import { round2, winningTimeText } from '../model/measures.ts';
import {
  type HorseName,
  heldIn,
  type MeetingCountry,
  type Person,
  type Race,
  type Runner,
} from '../model/racing-day.ts';
import { racePath } from '../render/paths.ts';

/**
 * What a reader of the page should find, as plain JSON. It comes from the model and from racing.md, never
 * from the page: a test that compares a parser with it compares two readings.
 */
export interface RaceTruth {
  readonly path: string;
  readonly raceId: string;
  readonly courseId: string;
  readonly course: string;
  readonly country: MeetingCountry;
  readonly date: CivilDate;
  readonly off: string;
  /** Without class, group and listed marks. */
  readonly name: string;
  readonly title: string;
  readonly raceClass: number | null;
  readonly pattern: string | null;
  readonly ratingBand: string | null;
  readonly ageBand: string | null;
  readonly sexRestriction: string | null;
  readonly distance: string;
  readonly yards: number;
  /** A mile is 8. */
  readonly furlongs: number;
  /** Not rounded. Abroad a furlong is 200 m. */
  readonly metres: number;
  readonly courseDetail: string | null;
  readonly going: string;
  readonly surface: string;
  readonly type: string;
  readonly ran: number;
  /** As the classic page prints it: `1m 38.52s (slow by 2.12s)`. */
  readonly winningTime: string;
  /** Seconds; null for `standard time` and zero. */
  readonly winningSeconds: number | null;
  /** `void`: the page names its horses, but there are no records to read. `pending`: there is no page yet. */
  readonly outcome: Race['outcome'] | 'pending';
  readonly runners: readonly RunnerTruth[];
}

export interface RunnerTruth {
  readonly position: string;
  readonly draw: number | null;
  readonly number: number | null;
  /** Lengths; 0 for a winner, null for a non-finisher and for a horse disqualified from first place. */
  readonly beaten: number | null;
  readonly overall: number | null;
  readonly horse: HorseTruth;
  /** With the favourite's mark; `No Odds` as it stands. */
  readonly sp: string;
  /** Fraction + 1, rounded to 2 decimals. */
  readonly decimal: number | null;
  readonly jockey: PersonTruth | null;
  readonly trainer: PersonTruth;
  readonly owner: PersonTruth;
  readonly age: number;
  readonly lbs: number;
  readonly headgear: string | null;
  readonly firstTimeHeadgear: boolean;
  readonly officialRating: number | null;
  readonly rpr: number | null;
  readonly topspeed: number | null;
  readonly colour: string;
  readonly sex: string;
  readonly sire: HorseTruth | null;
  readonly dam: HorseTruth;
  /** Without a country: no page tells it. */
  readonly damsire: { readonly id: string; readonly name: string };
  /** What the betting was stands in brackets at its end. */
  readonly comment: string;
  readonly prize: number | null;
  /**
   * Winning time + overall distance ÷ lengths per second, 2 decimals; null for non-finishers, without a
   * winning time, and on a going of which racing.md gives no lengths per second (`Muddy`).
   */
  readonly seconds: number | null;
}

interface PersonTruth {
  readonly id: string;
  readonly name: string;
  /**
   * Last part of the profile's path; the only name of an owner that the page has outside a picture's text.
   */
  readonly slug: string;
}

export interface HorseTruth {
  readonly id: string;
  readonly name: string;
  /** GB where the page leaves it out. */
  readonly country: string;
}

export function truthOf(race: Race, pending = false): RaceTruth {
  return {
    path: racePath(race),
    raceId: String(race.id),
    courseId: String(race.course.id),
    course: race.courseName,
    country: race.country,
    date: race.date,
    off: race.off,
    name: race.name,
    title: race.title,
    raceClass: race.raceClass,
    pattern: race.pattern,
    ratingBand: race.ratingBand,
    ageBand: race.ageBand,
    sexRestriction: race.sexRestriction,
    distance: race.distance.text,
    yards: race.distance.yards,
    furlongs: race.distance.furlongs,
    metres: metresOf(race),
    courseDetail: race.courseDetail,
    going: race.going,
    surface: race.surface,
    type: race.type,
    ran: race.runners.length,
    winningTime: winningTimeText(race.winningTime),
    winningSeconds: race.winningTime.seconds,
    outcome: pending ? 'pending' : race.outcome,
    runners:
      pending || race.outcome === 'void' ? [] : race.runners.map((runner) => runnerTruth(race, runner)),
  };
}

function runnerTruth(race: Race, runner: Runner): RunnerTruth {
  return {
    position: runner.position,
    draw: runner.draw,
    number: runner.number,
    beaten: runner.beaten?.value ?? null,
    overall: runner.overall?.value ?? null,
    horse: horseTruth(runner.horse),
    sp: runner.sp,
    decimal: runner.decimal === null ? null : round2(runner.decimal),
    jockey: runner.jockey && personTruth(runner.jockey),
    trainer: personTruth(runner.trainer),
    owner: personTruth(runner.owner),
    age: runner.age,
    lbs: runner.lbs,
    headgear: runner.headgear,
    firstTimeHeadgear: runner.firstTimeHeadgear,
    officialRating: runner.officialRating,
    rpr: runner.rpr,
    topspeed: runner.topspeed,
    colour: runner.colour,
    sex: runner.sex,
    sire: runner.sire && horseTruth(runner.sire),
    dam: horseTruth(runner.dam),
    damsire: { id: String(runner.damsire.id), name: runner.damsire.name },
    comment: runner.betting === null ? runner.comment : `${runner.comment} (${runner.betting})`,
    prize: runner.prize,
    seconds: secondsOf(race, runner),
  };
}

function secondsOf(race: Race, runner: Runner): number | null {
  const pace = lengthsPerSecond(race.going, race.type);
  if (race.winningTime.seconds === null || runner.overall === null || pace === null) return null;
  return round2(race.winningTime.seconds + runner.overall.value / pace);
}

/**
 * Mile by mile, furlong by furlong, with the lengths that racing.md gives; abroad, where all are furlongs of
 * 200 m.
 */
function metresOf({ country, distance: { yards, furlongs } }: Race): number {
  const place = heldIn(country);
  if (place !== 'gb' && place !== 'ire' && place !== 'usa') return furlongs * 200;
  const miles = Math.floor(yards / 1760);
  const rest = Math.floor((yards % 1760) / 220);
  return miles * 1609.34 + rest * 201.168 + (yards % 220) * 0.9144;
}

function horseTruth(horse: HorseName): HorseTruth {
  return { id: String(horse.id), name: horse.name, country: horse.country ?? 'GB' };
}

function personTruth(person: Person): PersonTruth {
  return { id: String(person.id), name: person.name, slug: person.slug };
}
