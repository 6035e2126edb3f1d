import * as z from 'zod';
import { type CivilDate, epochDay, parseCivilDate } from './civil-date.ts';

/** A point in time as somebody wrote it: when it is, and what the clock shows where it was written. */
export interface WrittenTime {
  /** Milliseconds since the epoch, rounded down. */
  readonly ms: number;
  /** Nanoseconds since the epoch. */
  readonly ns: bigint;
  /** On the clock face: the date and the hour as they are written, with the offset that they carry. */
  readonly date: CivilDate;
  readonly hour: number;
}

const DATE = String.raw`(?<date>\d{4}-\d\d-\d\d)`;
const CLOCK = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,30}))?)?`;
const OFFSET = String.raw`Z|(?<sign>[+-])(?<offsetHour>\d\d)(?::?(?<offsetMinute>\d\d))?`;
const PATTERN = new RegExp(`^${DATE}(?:[T ]${CLOCK}(?:${OFFSET})?)?$`, 'i');

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NS_OF_MS = 1_000_000n;
const FIRST_MS = epochDay('0001-01-01' as CivilDate) * DAY_MS;
const LAST_MS = (epochDay('9999-12-31' as CivilDate) + 1) * DAY_MS - 1;

/**
 * Reads `YYYY-MM-DDTHH:MM[:SS[.fraction]]`, or with a space in place of the T, followed by `Z`, by an offset
 * (`+05:30`, `+0530`, `+05`; less than 24 hours) or by nothing, which means UTC; or a date alone, which is
 * its midnight in UTC. Undefined for all else: a day that the calendar does not have, 24:00, a leap second,
 * an instant outside the years 0001 to 9999 of UTC. Of a fraction nine digits count.
 */
export function readWrittenTime(text: string): WrittenTime | undefined {
  if (text.length > LONGEST) return undefined;
  if (lately.has(text)) return lately.get(text);
  if (lately.size === LATELY) lately.clear();
  const time = read(text);
  lately.set(text, time);
  return time;
}

/** Characters of the longest time that there is: 30 digits of a fraction. */
const LONGEST = 56;
/** A field is read when it is checked, and again for each thing that is derived from it. */
const LATELY = 32;
const lately = new Map<string, WrittenTime | undefined>();

function read(text: string): WrittenTime | undefined {
  const parts = PATTERN.exec(text)?.groups;
  const date = parseCivilDate(parts?.date ?? '');
  if (!parts || date === undefined) return undefined;
  const [hour, minute, second] = [numberOf(parts.hour), numberOf(parts.minute), numberOf(parts.second)];
  const [offsetHour, offsetMinute] = [numberOf(parts.offsetHour), numberOf(parts.offsetMinute)];
  if (Math.max(hour, offsetHour) > 23 || Math.max(minute, second, offsetMinute) > 59) return undefined;
  const offsetMs = (offsetHour * 60 + offsetMinute) * MINUTE_MS * (parts.sign === '-' ? -1 : 1);
  const nanos = Number((parts.fraction ?? '').slice(0, 9).padEnd(9, '0'));
  const secondMs = epochDay(date) * DAY_MS + (hour * 60 + minute) * MINUTE_MS + second * 1000 - offsetMs;
  const ms = secondMs + Math.floor(nanos / 1_000_000);
  if (ms < FIRST_MS || ms > LAST_MS) return undefined;
  return { ms, ns: BigInt(secondMs) * NS_OF_MS + BigInt(nanos), date, hour };
}

function numberOf(digits: string | undefined): number {
  return Number(digits ?? '0');
}

const isReadable = (text: string) => readWrittenTime(text) !== undefined;

/** A field that holds a written time, kept as text. `isWrittenTime` knows it again. */
export const writtenTimeSchema = z.string().refine(isReadable, {
  error: 'no time: write ISO 8601 as 2026-01-31T09:30:00+01:00, 2026-01-31 09:30:00 (UTC) or 2026-01-31',
});

const check = writtenTimeSchema._zod.def.checks!.at(-1)!;

/** True of a field made from `writtenTimeSchema`, optional or described though it may be. */
export function isWrittenTime(field: z.ZodType): boolean {
  let inner = field;
  while (inner instanceof z.ZodNullable || inner instanceof z.ZodOptional)
    inner = inner.unwrap() as z.ZodType;
  return inner._zod.def.checks?.includes(check) ?? false;
}
