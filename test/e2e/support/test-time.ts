import type { CivilDate } from '../../../core/calendar/civil-date.ts';
import { civilDateAt } from '../../../core/calendar/window.ts';
import { clockOf } from '../../../runtime/clock.ts';

/**
 * When the tests play: no test asks the machine what day it is. `npm run test:dates` lets them play at other
 * times.
 */
export const STARTS_AT = process.env.RESCRAPE_NOW ?? '2026-11-22T12:00:00Z';

/**
 * Shows `STARTS_AT` when the process of a test file starts, and runs on at the speed of the machine's clock.
 */
export const testClock = clockOf({ RESCRAPE_NOW: STARTS_AT });

/** The date in the time zone of the source `racing`. */
export const TODAY = civilDateAt(testClock.now(), 'Europe/London');

/** The variable under which a process that is started at this moment keeps the time of this one. */
export function sameTime(): { readonly RESCRAPE_NOW: string } {
  return { RESCRAPE_NOW: new Date(testClock.now()).toISOString() };
}

/** The date of the runs of a source that finds what is there now. `clock`: where a test lets days pass. */
export function todayOf(
  { timeZone }: { readonly timeZone: string },
  clock: { now(): number } = testClock,
): CivilDate {
  return civilDateAt(clock.now(), timeZone);
}
