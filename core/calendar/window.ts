import { addDays, type CivilDate, epochDay, parseCivilDate } from './civil-date.ts';

/** Civil dates from `start` to `end`, both included. */
export interface DateRange {
  readonly start: CivilDate;
  readonly end: CivilDate;
}

/**
 * Ten years and some days: what a completeness answer is measured on, and more than any sane backfill asks
 * for at once.
 */
export const MAX_WINDOW_DAYS = 3660;

const HOUR_MS = 3_600_000;

/**
 * The date on a wall calendar in `timeZone` (IANA name) at `now` (milliseconds since the epoch).
 * Throws a RangeError for an unknown time zone or a time that is no number.
 */
export function civilDateAt(now: number, timeZone: string): CivilDate {
  // The first calendar of a process takes 15 ms, and many commands ask for no other zone.
  const inUtc = timeZone === 'UTC' && parseCivilDate(new Date(now).toISOString().slice(0, 10));
  if (inUtc) return inUtc;
  let year = '';
  let month = '';
  let day = '';
  for (const { type, value } of calendarOf(timeZone).formatToParts(now)) {
    if (type === 'year') year = value.padStart(4, '0');
    else if (type === 'month') month = value;
    else if (type === 'day') day = value;
  }
  return `${year}-${month}-${day}` as CivilDate;
}

/** The first moment of a date in `timeZone`, to the quarter of an hour; milliseconds since the epoch. */
export function startOfDate(date: CivilDate, timeZone: string): number {
  // No clock is further ahead of UTC than 14 hours, and offsets are whole quarters of an hour.
  let at = Date.parse(date) - 14 * HOUR_MS;
  // Hours at a time first. Where clocks went back over midnight, the date had begun up to two hours before.
  while (civilDateAt(at + 4 * HOUR_MS, timeZone) < date) at += 4 * HOUR_MS;
  at -= 2 * HOUR_MS;
  while (civilDateAt(at, timeZone) < date) at += HOUR_MS / 4;
  return at;
}

/** A winter and a summer of both hemispheres; milliseconds. */
const SEASONS = [Date.UTC(2026, 0, 1, 12), Date.UTC(2026, 6, 1, 12)];

/**
 * Minutes by which the clocks of a time zone are ahead of UTC (behind: negative), in the season in which that
 * is the least.
 */
export function leastOffset(timeZone: string): number {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offsets = SEASONS.map((at) => {
    const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0'] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  });
  return Math.min(...offsets);
}

/**
 * The last `windowDays` dates in `timeZone`, that of `now` included: always that many consecutive dates.
 *
 * Counted in calendar dates, never in blocks of 24 hours, so a change to or from summer time moves nothing.
 * Two oddities of calendars show: a date that a zone skipped (Samoa went from 2011-12-29 to 2011-12-31) still
 * stands in the window, because it is a partition like any other and its index says that it is empty; and
 * where a clock goes back over midnight (St. John's until 2011, from 00:01 to 23:01) the window steps back a
 * day for that hour.
 */
export function windowFor(options: {
  readonly now: number;
  readonly timeZone: string;
  readonly windowDays: number;
}): DateRange {
  const { windowDays } = options;
  if (!Number.isSafeInteger(windowDays) || windowDays < 1 || windowDays > MAX_WINDOW_DAYS) {
    throw new RangeError(`windowDays must be a whole number from 1 to ${MAX_WINDOW_DAYS}, not ${windowDays}`);
  }
  const end = civilDateAt(options.now, options.timeZone);
  return { start: addDays(end, 1 - windowDays), end };
}

/** `message` is one line for the person who typed the dates. */
export type CheckedWindow =
  | { readonly kind: 'window'; readonly window: DateRange }
  | {
      readonly kind: 'invalid';
      readonly code: 'NO_SUCH_DATE' | 'END_BEFORE_START' | 'IN_THE_FUTURE' | 'TOO_LONG';
      readonly message: string;
    };

/**
 * Judges two dates that a person typed. `today` is the date in the source's time zone (`civilDateAt`): a date
 * that has not begun there has an index that is still empty, and must not be published as an empty day.
 */
export function checkWindow(start: string, end: string, today: CivilDate): CheckedWindow {
  const first = parseCivilDate(start);
  if (first === undefined) return invalid('NO_SUCH_DATE', noSuchDate('start', start));
  const last = parseCivilDate(end);
  if (last === undefined) return invalid('NO_SUCH_DATE', noSuchDate('end', end));
  if (last < first) {
    return invalid('END_BEFORE_START', `the end ${last} lies before the start ${first}: swap them`);
  }
  if (last > today) {
    return invalid('IN_THE_FUTURE', `the end ${last} lies in the future: give ${today} (today) or earlier`);
  }
  const days = epochDay(last) - epochDay(first) + 1;
  if (days > MAX_WINDOW_DAYS) {
    return invalid(
      'TOO_LONG',
      `${days} days are too many for one run: ask for at most ${MAX_WINDOW_DAYS} at a time`,
    );
  }
  return { kind: 'window', window: { start: first, end: last } };
}

function noSuchDate(which: 'start' | 'end', text: string): string {
  return `the ${which} ${JSON.stringify(text)} is no date of the calendar: write YYYY-MM-DD`;
}

function invalid(code: (CheckedWindow & { kind: 'invalid' })['code'], message: string): CheckedWindow {
  return { kind: 'invalid', code, message };
}

/** Making one costs some 50 times what using it does. */
const calendars = new Map<string, Intl.DateTimeFormat>();

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  let calendar = calendars.get(timeZone);
  if (!calendar) {
    calendar = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    calendars.set(timeZone, calendar);
  }
  return calendar;
}
