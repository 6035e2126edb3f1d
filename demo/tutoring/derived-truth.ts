import { type CivilDate, epochDay } from '../../core/calendar/civil-date.ts';
import { type ClockFace, utcMinutes } from './clock-face.ts';
import type { DemoFeedback, DemoSession } from './lessons.ts';
import type { DemoTutor } from './people.ts';

// What the enrichers should derive, from the model and not from what is printed; on purpose in other ways
// than theirs.

export type DerivedTruth = Readonly<Record<string, number | boolean | string>>;

const DAY_MINUTES = 1440;

export function tutorTruth(tutor: DemoTutor, now: number): DerivedTruth {
  const { onboarding, updatedAt, subjects } = tutor;
  if (typeof onboarding === 'object' && 'invalid' in onboarding) return {};
  const minutes = now / 60_000;
  const joined = typeof onboarding === 'string' ? epochDay(onboarding) * DAY_MINUTES : utcMinutes(onboarding);
  let tenure = 0;
  if (minutes > joined) tenure = (minutes - joined - ((minutes - joined) % DAY_MINUTES)) / DAY_MINUTES;
  return {
    tenure_days: tenure,
    is_new_tutor: tenure <= 29,
    experience_level: tenure >= 365 ? 'senior' : tenure >= 90 ? 'mid' : 'junior',
    subject_count: subjects.length,
    ...(updatedAt && { is_active_today: utcDayOf(utcMinutes(updatedAt)) === utcDayOf(minutes) }),
  };
}

export function sessionTruth(session: DemoSession): DerivedTruth {
  const { date, minute } = session.start;
  const { late, lasted, planned } = session;
  const weekday = weekdayOf(date);
  return {
    is_weekend: weekday > 5,
    time_of_day: TIMES_OF_DAY[Math.floor(minute / 60)]!,
    week_of_year: isoWeek(date),
    month_of_year: Number(date.split('-')[1]),
    is_late_start: (late ?? 0) >= 6,
    ...(late !== undefined && { actual_duration_minutes: lasted ?? Math.max(0, planned - late) }),
  };
}

/** `start`: of its session; undefined where there is none. */
export function feedbackTruth(feedback: DemoFeedback, start: ClockFace | undefined): DerivedTruth {
  const { rating, text = '', submitted } = feedback;
  const given = feedback.categories.filter((category) => category !== undefined);
  const sum = given.reduce((all, one) => all + one, 0);
  const squares = given.reduce((all, one) => all + one * one, 0);
  const n = given.length;
  return {
    is_positive: rating === 4 || rating === 5,
    is_poor: rating === 1 || rating === 2,
    ...(n > 0 && {
      avg_category_rating: hundredths(sum, n),
      category_variance: hundredths(squares * n - sum * sum, n * n),
    }),
    has_text_feedback: /\S/.test(text),
    ...(start && { feedback_delay_hours: hundredths(utcMinutes(submitted) - utcMinutes(start), 60) }),
  };
}

/** A fraction to two decimals; in whole numbers, so that nothing is lost before it is rounded. */
function hundredths(numerator: number, denominator: number): number {
  return Math.round((numerator * 100) / denominator) / 100;
}

const TIMES_OF_DAY = [
  ...Array.from({ length: 5 }, () => 'night'),
  ...Array.from({ length: 7 }, () => 'morning'),
  ...Array.from({ length: 5 }, () => 'afternoon'),
  ...Array.from({ length: 5 }, () => 'evening'),
  ...Array.from({ length: 2 }, () => 'night'),
];

/** Monday is 1; the first day of 1970 was a Thursday. */
function weekdayOf(date: CivilDate): number {
  return ((((epochDay(date) + 3) % 7) + 7) % 7) + 1;
}

/** Weeks begin on Mondays, and a week belongs to the year that has its Thursday. */
function isoWeek(date: CivilDate): number {
  const thursday = epochDay(date) - weekdayOf(date) + 4;
  const year = new Date(thursday * 86_400_000).getUTCFullYear();
  const first = epochDay(`${year}-01-01` as CivilDate);
  return Math.floor((thursday - first) / 7) + 1;
}

function utcDayOf(minutes: number): number {
  return Math.floor(minutes / DAY_MINUTES);
}
