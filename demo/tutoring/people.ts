import {
  addDays,
  type CivilDate,
  civilDate,
  epochDay,
  fromEpochDay,
} from '../../core/calendar/civil-date.ts';
import { type Random, seeded } from '../model/random.ts';
import { type ClockFace, faceIn, utcFace } from './clock-face.ts';

export const FEEDS = ['north', 'south'] as const;
export type Feed = (typeof FEEDS)[number];

/** Where the clocks of a feed hang. */
export const ZONES: Readonly<Record<Feed, string>> = { north: 'Europe/Berlin', south: 'America/New_York' };

export const SUBJECTS = ['Algebra', 'Biology', 'Chemistry', 'French', 'Geometry', 'History', 'Physics'];

export interface DemoTutor {
  readonly id: string;
  readonly name: string;
  /** A date alone is its midnight in UTC; text is no date at all. */
  readonly onboarding: ClockFace | CivilDate | { readonly invalid: string };
  readonly subjects: readonly string[];
  readonly status: 'active' | 'on_leave';
  readonly location: Feed;
  readonly weekly: number | null;
  readonly updatedAt: ClockFace | undefined;
  /** A field that nobody has described. */
  readonly badge: string | undefined;
}

export interface DemoStudent {
  readonly id: string;
  readonly name: string;
  readonly age: number | undefined;
  readonly grade: string | undefined;
  readonly subjects: readonly string[] | undefined;
  readonly updatedAt: ClockFace | undefined;
}

const REGULARS = 10;
const STUDENTS = 60;
/** Days that a substitute stands in the list of tutors, from the day after the first lessons on. */
const SUBSTITUTE_DAYS = 5;
/** Somebody who teaches in each feed in turn, for so many days. */
const MOVER = 'T-MOVES';
const MOVE_DAYS = 5;
/** The day on which this world began. */
const FIRST_DAY = civilDate('2026-01-01');
const GIVEN = ['Ada', 'Bela', 'Cato', 'Dora', 'Emil', 'Fina', 'Gero', 'Hedy', 'Ivo', 'Jule', 'Kai', 'Lore'];
const FAMILY = ['Amsel', 'Birk', 'Corvin', 'Dohle', 'Eichel', 'Falk', 'Grimm', 'Häher', 'Igel', 'Jordan'];

const codeOf = (feed: Feed) => feed[0]!.toUpperCase();
const compact = (date: CivilDate) => date.replaceAll('-', '');

export function regularTutorId(feed: Feed, nth: number): string {
  return `T-${codeOf(feed)}-${String(nth).padStart(2, '0')}`;
}

/** Who stands in for others on a day, and is in the list of tutors only from the next day on. */
export function substituteId(feed: Feed, date: CivilDate): string {
  return `T-${codeOf(feed)}-SUB-${compact(date)}`;
}

export function studentId(feed: Feed, nth: number): string {
  return `S-${codeOf(feed)}-${String(nth).padStart(3, '0')}`;
}

export const COUNTS = { regulars: REGULARS, students: STUDENTS } as const;

/** The list of tutors of a feed as it is at the end of a day. */
export function tutorsOn(seed: number, feed: Feed, date: CivilDate): DemoTutor[] {
  const tutors = Array.from({ length: REGULARS }, (_, nth) => regular(seed, feed, nth, date));
  for (let back = 1; back <= SUBSTITUTE_DAYS; back++)
    tutors.push(substitute(seed, feed, addDays(date, -back)));
  const block = Math.floor(epochDay(date) / MOVE_DAYS);
  if (FEEDS[block % 2] === feed) tutors.push(mover(feed, fromEpochDay(block * MOVE_DAYS)));
  if (feed === 'north') tutors.push(neverValid());
  return tutors;
}

/** The list of students of a feed as it is at the end of a day. */
export function studentsOn(seed: number, feed: Feed, date: CivilDate): DemoStudent[] {
  return Array.from({ length: STUDENTS }, (_, nth) => {
    const id = studentId(feed, nth);
    const random = seeded(seed, id);
    // One in four says nothing of changes, and then has none.
    const changed = nth % 4 === 3 ? undefined : lastChange(seed, id, 10, date);
    const now = seeded(seed, id, changed ?? 'first');
    return {
      id,
      name: nameOf(random),
      age: random.chance(0.8) ? random.int(7, 19) : undefined,
      grade: changed === undefined ? undefined : String(now.int(1, 12)),
      subjects: random.chance(0.7) ? subjectsOf(now, 1) : undefined,
      updatedAt: changed && utcFace(changed, random.int(1, 50), 'zulu'),
    };
  });
}

function regular(seed: number, feed: Feed, nth: number, date: CivilDate): DemoTutor {
  const id = regularTutorId(feed, nth);
  const random = seeded(seed, id);
  // The first one is seen every day; one in five says nothing of changes, and then has none.
  const changed = nth === 0 ? date : nth % 5 === 4 ? undefined : lastChange(seed, id, 3, date);
  const now = seeded(seed, id, changed ?? 'first');
  const joined = addDays(FIRST_DAY, -random.pick([0, 31, 60, 89, 90, 200, 364, 365, 1500]));
  return {
    id,
    name: nameOf(random),
    onboarding: nth % 3 === 0 ? joined : faceIn(ZONES[feed], joined, random.pick([0, 30, 540, 1439])),
    subjects: nth === 3 ? [] : subjectsOf(now, 1),
    status: now.chance(0.1) ? 'on_leave' : 'active',
    location: feed,
    weekly: random.chance(0.3) ? null : now.int(3, 20),
    // Half an hour before midnight in New York is the next day in UTC.
    updatedAt: changed && (nth % 2 === 0 ? utcFace(changed, 5, 'zulu') : faceIn(ZONES[feed], changed, 1410)),
    badge: random.chance(0.2) ? `green-${random.int(1, 9)}` : undefined,
  };
}

function substitute(seed: number, feed: Feed, joined: CivilDate): DemoTutor {
  const id = substituteId(feed, joined);
  const random = seeded(seed, id);
  return {
    id,
    name: nameOf(random),
    onboarding: faceIn(ZONES[feed], joined, 480),
    subjects: subjectsOf(random, 1),
    status: 'active',
    location: feed,
    weekly: null,
    updatedAt: utcFace(addDays(joined, 1), 10, 'zulu'),
    badge: undefined,
  };
}

function mover(feed: Feed, since: CivilDate): DemoTutor {
  return {
    id: MOVER,
    name: 'Vera Wandel',
    onboarding: civilDate('2024-02-29'),
    subjects: SUBJECTS.slice(0, 2),
    status: 'active',
    location: feed,
    weekly: 12,
    updatedAt: utcFace(since, 15, 'zulu'),
    badge: undefined,
  };
}

/** Began on a day that there was not. */
function neverValid(): DemoTutor {
  return {
    id: 'T-N-LEAP',
    name: 'Otto Schalt',
    onboarding: { invalid: '2023-02-29' },
    subjects: SUBJECTS.slice(0, 1),
    status: 'active',
    location: 'north',
    weekly: null,
    updatedAt: undefined,
    badge: undefined,
  };
}

/** The last day up to `date` on which something about somebody changed: each has an interval of their own. */
function lastChange(seed: number, id: string, leastDays: number, date: CivilDate): CivilDate {
  const random = seeded(seed, 'changes', id);
  const interval = random.int(leastDays, leastDays * 4);
  return addDays(date, -((epochDay(date) + random.int(0, interval)) % interval));
}

function nameOf(random: Random): string {
  return `${random.pick(GIVEN)} ${random.pick(FAMILY)}`;
}

function subjectsOf(random: Random, least: number): string[] {
  const first = random.int(0, SUBJECTS.length - 3);
  return SUBJECTS.slice(first, first + random.int(least, 3));
}
