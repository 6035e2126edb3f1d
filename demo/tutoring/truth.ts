import type { CivilDate } from '../../core/calendar/civil-date.ts';
import { type ClockFace, utcMinutes } from './clock-face.ts';
import { type DerivedTruth, feedbackTruth, sessionTruth, tutorTruth } from './derived-truth.ts';
import { feedbackOn, isClosed, sessionsOn, startNow } from './lessons.ts';
import { type Feed, studentsOn, tutorsOn } from './people.ts';
import { feedbackRecord, type PrintedRecord, sessionRecord, studentRecord, tutorRecord } from './records.ts';

export const KINDS = ['tutor', 'student', 'session', 'feedback'] as const;
export type Kind = (typeof KINDS)[number];

interface Name {
  readonly kind: Kind;
  readonly key: string;
}

/** A record of a list, and what should come of it. */
export interface RecordTruth extends Name {
  readonly feed: Feed;
  /** Day of the list. */
  readonly date: CivilDate;
  readonly record: PrintedRecord;
  /** Fields that make it no valid record; none where it is one. */
  readonly wrong: readonly string[];
  readonly needs: readonly Name[];
  /** Minutes since the epoch; undefined where it does not say. */
  readonly updatedAt: number | undefined;
  /** What is derived from it at a time; milliseconds since the epoch. */
  derived(now: number): DerivedTruth;
}

/** A list of a feed and day as a scraper saw it on some day. */
export interface Look {
  readonly feed: Feed;
  readonly date: CivilDate;
  readonly today: CivilDate;
}

/** What should be there when everything that was seen has gone its way. */
export interface TutoringTruth {
  /**
   * Rows of the four tables: of tutors and students one for each day on which they were listed, of sessions
   * and feedback one each.
   */
  readonly rows: readonly RecordTruth[];
  /** Wait for something that no list had. */
  readonly parked: readonly RecordTruth[];
  /** No valid records: one for each list that had it. */
  readonly invalid: readonly RecordTruth[];
}

/** The records of all lists of a day. */
export function recordsOn(seed: number, { feed, date, today }: Look): RecordTruth[] {
  if (isClosed(feed, date)) return [];
  const tutors = tutorsOn(seed, feed, date).map((tutor): RecordTruth => {
    const { onboarding } = tutor;
    return {
      ...{ kind: 'tutor', key: tutor.id, feed, date, needs: [] },
      record: tutorRecord(tutor),
      wrong: typeof onboarding === 'object' && 'invalid' in onboarding ? ['onboarding_date'] : [],
      updatedAt: minutesOf(tutor.updatedAt),
      derived: (now) => tutorTruth(tutor, now),
    };
  });
  const students = studentsOn(seed, feed, date).map(
    (student): RecordTruth => ({
      ...{ kind: 'student', key: student.id, feed, date, wrong: [], needs: [] },
      record: studentRecord(student),
      updatedAt: minutesOf(student.updatedAt),
      derived: () => ({}),
    }),
  );
  const sessions = sessionsOn(seed, feed, date, today).map(
    (session): RecordTruth => ({
      ...{ kind: 'session', key: session.id, feed, date },
      record: sessionRecord(session),
      wrong: session.lacks ? ['duration_minutes', 'subject'] : [],
      needs: [
        { kind: 'tutor', key: session.tutor },
        { kind: 'student', key: session.student },
      ],
      updatedAt: minutesOf(session.updatedAt),
      derived: () => sessionTruth(session),
    }),
  );
  const feedback = feedbackOn(seed, feed, date).map(
    (one): RecordTruth => ({
      ...{ kind: 'feedback', key: one.id, feed, date },
      record: feedbackRecord(seed, feed, one, today),
      wrong: one.ratingAsText ? ['overall_rating'] : [],
      needs: [
        { kind: 'session', key: one.session },
        { kind: 'tutor', key: one.tutor },
        { kind: 'student', key: one.student },
      ],
      updatedAt: undefined,
      derived: () => feedbackTruth(one, one.about && startNow(seed, feed, one.about, today)),
    }),
  );
  return [...tutors, ...students, ...sessions, ...feedback];
}

/**
 * What should come of lists that were seen one after the other. `isThere`: what was stored before, of which
 * these lists may say nothing.
 */
export function tutoringTruth(
  seed: number,
  looks: readonly Look[],
  isThere: (name: Name) => boolean = () => false,
): TutoringTruth {
  const snapshots = new Map<string, RecordTruth>();
  const invalid = new Map<string, RecordTruth>();
  const newest = new Map<string, RecordTruth>();
  for (const one of looks.flatMap((look) => recordsOn(seed, look))) {
    const listed = `${one.feed} ${one.date} ${nameOf(one)}`;
    if (one.wrong.length > 0) {
      invalid.set(listed, one);
      continue;
    }
    if (one.needs.length === 0) snapshots.set(listed, one);
    const before = newest.get(nameOf(one));
    if (!before || !isOlder(one, before)) newest.set(nameOf(one), one);
  }
  const canStand = (name: Name): boolean => {
    const record = newest.get(nameOf(name));
    return record ? record.needs.every(canStand) : isThere(name);
  };
  const dependent = [...newest.values()].filter(({ needs }) => needs.length > 0);
  return {
    rows: [...snapshots.values(), ...dependent.filter(canStand)],
    parked: dependent.filter((record) => !canStand(record)),
    invalid: [...invalid.values()],
  };
}

function isOlder(one: RecordTruth, other: RecordTruth): boolean {
  return one.updatedAt !== undefined && other.updatedAt !== undefined && one.updatedAt < other.updatedAt;
}

function nameOf({ kind, key }: Name): string {
  return `${kind} ${key}`;
}

function minutesOf(face: ClockFace | undefined): number | undefined {
  return face && utcMinutes(face);
}
