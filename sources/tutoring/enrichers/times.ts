import { type CivilDate, epochDay, fromEpochDay } from '../../../core/calendar/civil-date.ts';
import { readWrittenTime, type WrittenTime } from '../../../core/calendar/written-time.ts';

export const DAY_MS = 86_400_000;
const NS_OF_MS = 1_000_000n;
const NS_OF_DAY = 86_400_000_000_000n;
const NS_OF_MINUTE = 60_000_000_000n;

/** The time in a field; undefined where the field is absent, or null. */
export function timeOf(value: unknown): WrittenTime | undefined {
  return typeof value === 'string' ? readWrittenTime(value) : undefined;
}

/** Whole days from then until now; 0 where then is still to come. `now`: milliseconds. */
export function daysSince(then: WrittenTime, now: number): number {
  const passed = BigInt(Math.floor(now)) * NS_OF_MS - then.ns;
  return passed < 0n ? 0 : Number(passed / NS_OF_DAY);
}

/** Whole minutes in a span of nanoseconds; what is less than none is none. Undefined: too many to count. */
export function wholeMinutes(ns: bigint): number | undefined {
  const minutes = ns < 0n ? 0 : Number(ns / NS_OF_MINUTE);
  return Number.isSafeInteger(minutes) ? minutes : undefined;
}

/** Monday is 1, Sunday 7. */
export function weekday(date: CivilDate): number {
  const sinceMonday = (epochDay(date) + 3) % 7;
  return ((sinceMonday + 7) % 7) + 1;
}

/** The ISO week, 1 to 53: weeks begin on Monday, and belong to the year that their Thursday lies in. */
export function isoWeek(date: CivilDate): number {
  const thursday = epochDay(date) - weekday(date) + 4;
  const year = fromEpochDay(thursday).slice(0, 4);
  return Math.floor((thursday - epochDay(`${year}-01-01` as CivilDate)) / 7) + 1;
}
