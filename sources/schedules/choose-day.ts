import { type DayMinutes, dayMinutesOf, mostFrequent } from './day-minutes.ts';
import type { PrintedDay } from './printed-day.ts';
import type { GradeLevel } from './schema.ts';

/** A day with what it comes to. */
export interface CountedDay {
  readonly facets: PrintedDay['facets'];
  readonly minutes: DayMinutes;
}

/** The day of a level, and the schools that it stands for. */
export interface ChosenDay {
  readonly day: CountedDay;
  readonly schools: readonly string[];
  /** True where other schools of the level have other times. */
  readonly differs: boolean;
}

/** Minutes; a shorter day beside a longer one is that of half-day pupils. */
const HALF_DAY = 240;
const SHORTEST = 100;
const LONGEST = 600;

/** Days that can be the whole day of pupils. */
export function countedDays(days: readonly PrintedDay[]): CountedDay[] {
  return days.flatMap(({ facets, rows }) => {
    const minutes = facets.aside || facets.day?.kind === 'other' ? undefined : dayMinutesOf(rows);
    const fits = minutes && minutes.instructional >= SHORTEST && minutes.instructional <= LONGEST;
    return fits ? [{ facets, minutes }] : [];
  });
}

/** The regular day of a level: of each school that of most weekdays, of all schools the usual one. */
export function chooseDay(days: readonly CountedDay[], level: GradeLevel): ChosenDay | undefined {
  const ofLevel = days.filter(({ facets }) => facets.grades?.levels.includes(level));
  const whole = ofLevel.filter(({ minutes }) => minutes.instructional >= HALF_DAY);
  const bySchool = Map.groupBy(whole.length > 0 ? whole : ofLevel, ({ facets }) => facets.school ?? '');
  const regular = [...bySchool].flatMap(([school, own]) => {
    const day = regularDay(own);
    return day ? [{ school, day }] : [];
  });
  const usual = mostFrequent(regular.map(({ day }) => timesOf(day)));
  const chosen = regular.find(({ day }) => timesOf(day) === usual);
  if (!chosen) return undefined;
  const schools = regular.map(({ school }) => school).filter((school) => school !== '');
  return { day: chosen.day, schools, differs: regular.some(({ day }) => timesOf(day) !== usual) };
}

function timesOf({ minutes: { start, end } }: CountedDay): string {
  return `${start.minutes}-${end.minutes}`;
}

/** Weekdays of a day that names none: marked as the regular one, or not at all. */
const UNNAMED = { regular: 5, unnamed: 4 };

/**
 * Of the days of one school that of most weekdays; where grades are dismissed one after the other, the last.
 * A day of one weekday alone is not the regular one.
 */
function regularDay(days: readonly CountedDay[]): CountedDay | undefined {
  const weekdays = ({ facets: { day } }: CountedDay) =>
    day?.weekdays || UNNAMED[day?.kind === 'regular' ? 'regular' : 'unnamed'];
  const groups = [...Map.groupBy(days, timesOf).values()].map((own) => ({
    first: own[0]!,
    weekdays: own.some(({ facets }) => facets.day?.weekdays)
      ? Math.min(
          5,
          own.reduce((sum, day) => sum + weekdays(day), 0),
        )
      : Math.max(...own.map(weekdays)),
  }));
  const most = Math.max(...groups.map((group) => group.weekdays));
  if (most < 2) return undefined;
  const best = groups.filter((group) => group.weekdays === most).map(({ first }) => first);
  const byGrade = best.every(({ facets }) => facets.grades && facets.grades.numbers.length > 0);
  if (!byGrade) return best[0];
  return best.reduce((one, other) => (other.minutes.end.minutes > one.minutes.end.minutes ? other : one));
}
