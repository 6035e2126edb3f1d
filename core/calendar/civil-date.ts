import * as z from 'zod';

/** A date on the calendar without a time zone, `YYYY-MM-DD`. Sorts as text. */
export type CivilDate = string & { readonly __civilDate: unique symbol };

const DAY_MS = 86_400_000;
/** Of the years 0001 to 9999. */
const PATTERN = /^(?!0000)\d{4}-\d{2}-\d{2}$/;

/** The date, or undefined where the text is no date of the calendar (`2025-02-30`). */
export function parseCivilDate(text: string): CivilDate | undefined {
  if (!PATTERN.test(text)) return undefined;
  const [month, day] = [Number(text.slice(5, 7)), Number(text.slice(8))];
  if (month < 1 || month > 12 || day < 1) return undefined;
  // Every month has these: nearly all dates are told without the calendar, which takes ten times as long.
  if (day <= 28) return text as CivilDate;
  // `Date.UTC` would take the years before 0100 for those of the last century.
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text) ? (text as CivilDate) : undefined;
}

/** `civilDate('2025-02-28')`; throws a RangeError on anything that is no date. */
export function civilDate(text: string): CivilDate {
  const date = parseCivilDate(text);
  if (date === undefined) throw new RangeError(`${JSON.stringify(text)} is not a date (YYYY-MM-DD)`);
  return date;
}

export const civilDateSchema = z
  .string()
  .refine((text) => parseCivilDate(text) !== undefined, { error: 'not a date of the calendar (YYYY-MM-DD)' })
  .transform((text) => text as CivilDate);

/** Days since 1970-01-01: the number that Parquet's DATE holds. */
export function epochDay(date: CivilDate): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}

export function fromEpochDay(day: number): CivilDate {
  return new Date(day * DAY_MS).toISOString().slice(0, 10) as CivilDate;
}

/** The date `days` later (earlier where negative). */
export function addDays(date: CivilDate, days: number): CivilDate {
  return fromEpochDay(epochDay(date) + days);
}

/** Every date from `start` to `end`, both included; empty where end lies before start. */
export function* datesBetween(start: CivilDate, end: CivilDate): Generator<CivilDate> {
  const last = epochDay(end);
  for (let day = epochDay(start); day <= last; day++) yield fromEpochDay(day);
}
