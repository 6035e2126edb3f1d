import { addDays, type CivilDate, epochDay } from '../../core/calendar/civil-date.ts';
import { type Random, seeded } from '../model/random.ts';
import { type ClockFace, faceIn, previous, type TimeForm, utcFace } from './clock-face.ts';
import { COUNTS, type Feed, regularTutorId, SUBJECTS, studentId, substituteId, ZONES } from './people.ts';

export interface DemoSession {
  readonly id: string;
  readonly tutor: string;
  readonly student: string;
  readonly start: ClockFace;
  /** Minutes, as planned. */
  readonly planned: number;
  readonly subject: string;
  readonly number: number;
  /** Minutes that it began late; undefined where nobody wrote down when it began. */
  readonly late: number | undefined;
  /** Minutes from its beginning to its end, where that is written down. */
  readonly lasted: number | undefined;
  readonly noShow: boolean;
  readonly engagement: number | undefined;
  readonly updatedAt: ClockFace | undefined;
  /** Fields that are missing, or null: it is no valid record. */
  readonly lacks: 'fields' | undefined;
}

export interface DemoFeedback {
  readonly id: string;
  readonly session: string;
  /** Which session of which day that is; undefined where no list ever has it. */
  readonly about: { readonly date: CivilDate; readonly nth: number } | undefined;
  readonly tutor: string;
  readonly student: string;
  readonly rating: number;
  /** In the order of `CATEGORIES`; undefined where it is missing. */
  readonly categories: readonly (number | undefined)[];
  readonly submitted: ClockFace;
  readonly text: string | undefined;
  readonly recommends: boolean | undefined;
  readonly saysStart: boolean;
  /** Its rating is text: it is no valid record. */
  readonly ratingAsText: boolean;
}

export const CATEGORIES = [
  'subject_knowledge_rating',
  'communication_rating',
  'patience_rating',
  'engagement_rating',
  'helpfulness_rating',
] as const;

/** Midnight, the hours in which clocks change, and both sides of each time of the day. */
const EDGES = [0, 90, 150, 210, 299, 300, 719, 720, 1019, 1020, 1319, 1320, 1439];
const LATE = [0, 0, 0, 1, 5, 6, 17, 90];
const MOVED = 0;
const OF_SUBSTITUTE = [1, 2];
const LACKING = 3;
const SESSIONS = { least: 20, most: 40 };

/** On Sundays the feed of the south is closed. */
export function isClosed(feed: Feed, date: CivilDate): boolean {
  return feed === 'south' && epochDay(date) % 7 === 3;
}

/**
 * The sessions of a day as its list has them when it is `today`: what was moved to the next day stands there
 * from then on, and what was corrected is corrected from then on.
 */
export function sessionsOn(seed: number, feed: Feed, date: CivilDate, today: CivilDate): DemoSession[] {
  if (isClosed(feed, date)) return [];
  const planned = plannedOn(seed, feed, date).map((session, nth) => {
    const isCorrected = today > date && nth > LACKING && seeded(seed, 'corrected', session.id).chance(0.15);
    return isCorrected ? corrected(session, date) : session;
  });
  const here = isMoved(feed, date, today) ? planned.slice(MOVED + 1) : planned;
  const before = previous(date);
  return isMoved(feed, before, today) ? [...here, moved(seed, feed, before)] : here;
}

/** The feedback that was given on a day. */
export function feedbackOn(seed: number, feed: Feed, date: CivilDate): DemoFeedback[] {
  if (isClosed(feed, date) || isSilent(feed, date)) return [];
  const all = [previous(date), date].flatMap((day) =>
    isClosed(feed, day)
      ? []
      : plannedOn(seed, feed, day).flatMap((session, nth) => {
          const given = feedbackOf(seed, feed, day, session, nth);
          return given?.submitted.date === date ? [given] : [];
        }),
  );
  return epochDay(date) % 3 === 0 ? [...all, ofNoSession(feed, date)] : all;
}

/** When the nth session of a day begins, as far as one knows `today`. */
export function startNow(
  seed: number,
  feed: Feed,
  { date, nth }: NonNullable<DemoFeedback['about']>,
  today: CivilDate,
): ClockFace {
  const isElsewhere = nth === MOVED && isMoved(feed, date, today);
  return isElsewhere ? moved(seed, feed, date).start : plannedOn(seed, feed, date)[nth]!.start;
}

function plannedOn(seed: number, feed: Feed, date: CivilDate): DemoSession[] {
  const count = seeded(seed, 'sessions', feed, date).int(SESSIONS.least, SESSIONS.most);
  return Array.from({ length: count }, (_, nth) => {
    const id = `L-${idPart(feed, date, nth)}`;
    const random = seeded(seed, id);
    const late = random.chance(0.3) ? undefined : random.pick(LATE);
    return {
      id,
      tutor: OF_SUBSTITUTE.includes(nth)
        ? substituteId(feed, date)
        : regularTutorId(feed, random.int(0, COUNTS.regulars - 1)),
      student: studentId(feed, random.int(0, COUNTS.students - 1)),
      start: startOf(feed, date, random),
      planned: random.pick([30, 45, 60, 90]),
      subject: random.pick(SUBJECTS),
      number: random.int(1, 20),
      late,
      lasted: late !== undefined && random.chance(0.25) ? random.int(20, 95) : undefined,
      noShow: random.chance(0.05),
      engagement: random.chance(0.5) ? random.int(0, 100) / 100 : undefined,
      updatedAt: random.chance(0.5) ? utcFace(date, 20, 'zulu') : undefined,
      lacks: nth === LACKING ? 'fields' : undefined,
    };
  });
}

function startOf(feed: Feed, date: CivilDate, random: Random): ClockFace {
  const form = random.pick(['offset', 'offset', 'offset', 'zulu', 'bare', 'spaced'] as const);
  const minute = random.chance(0.4) ? random.pick(EDGES) : 5 * random.int(84, 252);
  return face(feed, date, minute, form);
}

function face(feed: Feed, date: CivilDate, minute: number, form: TimeForm): ClockFace {
  return form === 'offset' ? faceIn(ZONES[feed], date, minute) : utcFace(date, minute, form);
}

/** What is known of it a day later. */
function corrected(session: DemoSession, date: CivilDate): DemoSession {
  const late = session.late === undefined ? 7 : session.late + 1;
  return { ...session, late, noShow: !session.noShow, updatedAt: utcFace(addDays(date, 1), 30, 'zulu') };
}

/** The first session of a day is moved to the next one, where that is none on which the feed is closed. */
function isMoved(feed: Feed, date: CivilDate, today: CivilDate): boolean {
  return today > date && !isClosed(feed, date) && !isClosed(feed, addDays(date, 1));
}

function moved(seed: number, feed: Feed, date: CivilDate): DemoSession {
  const session = plannedOn(seed, feed, date)[MOVED]!;
  const next = addDays(date, 1);
  const start = face(feed, next, session.start.minute, session.start.form);
  return { ...session, start, updatedAt: utcFace(next, 40, 'zulu') };
}

/** On Wednesdays nobody in the north says anything. */
function isSilent(feed: Feed, date: CivilDate): boolean {
  return feed === 'north' && epochDay(date) % 7 === 6;
}

function feedbackOf(
  seed: number,
  feed: Feed,
  date: CivilDate,
  session: DemoSession,
  nth: number,
): DemoFeedback | undefined {
  const id = session.id.replace('L-', 'F-');
  const random = seeded(seed, id);
  const isOften = [MOVED, ...OF_SUBSTITUTE].includes(nth);
  if (!random.chance(isOften ? 0.9 : 0.5) || session.lacks) return undefined;
  const next = addDays(date, 1);
  // Of what is moved on the next day one hears before that.
  const isLater = nth !== MOVED && random.chance(0.4) && !isClosed(feed, next) && !isSilent(feed, next);
  const submitted = isLater
    ? face(feed, next, random.int(0, 1439), 'offset')
    : face(feed, date, random.int(0, 1439), random.pick(['offset', 'zulu', 'bare'] as const));
  return {
    id,
    session: session.id,
    about: { date, nth },
    tutor: session.tutor,
    student: session.student,
    rating: random.int(1, 5),
    categories: CATEGORIES.map(() => (random.chance(0.6) ? random.int(1, 5) : undefined)),
    submitted,
    text: random.pick([undefined, '', ' \n', 'Patient, and clear.', 'Too fast for me']),
    recommends: random.chance(0.6) ? random.chance(0.7) : undefined,
    saysStart: nth !== MOVED && random.chance(0.4),
    ratingAsText: nth === LACKING + 1,
  };
}

function ofNoSession(feed: Feed, date: CivilDate): DemoFeedback {
  const id = idPart(feed, date, 99);
  return {
    id: `F-${id}`,
    session: `L-${id}`,
    about: undefined,
    tutor: regularTutorId(feed, 0),
    student: studentId(feed, 0),
    rating: 4,
    categories: CATEGORIES.map(() => undefined),
    submitted: utcFace(date, 600, 'zulu'),
    text: 'For which lesson was this?',
    recommends: undefined,
    saysStart: false,
    ratingAsText: false,
  };
}

function idPart(feed: Feed, date: CivilDate, nth: number): string {
  return `${feed[0]!.toUpperCase()}-${date.replaceAll('-', '')}-${String(nth).padStart(2, '0')}`;
}
