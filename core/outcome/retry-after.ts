import { type HeaderPairs, headerValue } from '../http/headers.ts';

/** A year in milliseconds: nobody waits that long, and more would be no time that a record can hold. */
const LONGEST_MS = 365 * 24 * 3_600_000;

/**
 * Milliseconds that a Retry-After header asks for, more than 0 and at most a year, from seconds (any number
 * of digits) or an HTTP date. A date is measured against the response's own Date, so that a wrong clock on
 * either side does no harm, and against `now` (milliseconds since the epoch) where the response has none.
 * Undefined without a header that asks for a wait: one of zero, or of a time that is past, is no leave to ask
 * at once, so the usual pace holds.
 */
export function retryAfterMs(headers: HeaderPairs, now?: number): number | undefined {
  const value = headerValue(headers, 'retry-after');
  if (value === undefined) return undefined;
  const asked = /^\d+(?:\.\d+)?$/.test(value)
    ? Math.ceil(Number(value) * 1000)
    : untilDate(value, headers, now);
  return asked !== undefined && asked > 0 ? Math.min(asked, LONGEST_MS) : undefined;
}

function untilDate(value: string, headers: HeaderPairs, now: number | undefined): number | undefined {
  const since = httpDate(headerValue(headers, 'date') ?? '', now) ?? now;
  const until = httpDate(value, since);
  return until === undefined || since === undefined ? undefined : until - since;
}

const DAY_NAME = '(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*';
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';
const ZONE = '(?: (?:gmt|utc|[+-]0000))';
/** The three forms of RFC 9110, section 5.6.7; all of them are in GMT, whether they say so or not. */
const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT, and Sunday, 06-Nov-94 08:49:37 GMT
  `${DAY_NAME},? (?<day>\\d{1,2})[ -](?<month>[a-z]{3})[ -](?<year>\\d{4}|\\d{2}) ${TIME}${ZONE}`,
  // Sun Nov  6 08:49:37 1994
  `${DAY_NAME} (?<month>[a-z]{3}) {1,2}(?<day>\\d{1,2}) ${TIME} (?<year>\\d{4})${ZONE}?`,
].map((form) => new RegExp(`^${form}$`, 'i'));
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Milliseconds since the epoch; undefined for what is no HTTP date. `now` tells the century of a short year.
 */
function httpDate(value: string, now: number | undefined): number | undefined {
  const groups = FORMS.map((form) => form.exec(value)?.groups).find((match) => match !== undefined);
  if (groups === undefined) return undefined;
  const number = (name: string) => Number(groups[name]);
  const [day, hour, minute, second] = [number('day'), number('hour'), number('minute'), number('second')];
  const year = groups.year!.length === 4 ? number('year') : longYear(number('year'), now);
  const date = Date.UTC(year, MONTHS.indexOf(groups.month!.toLowerCase()), day);
  const isDay = MONTHS.includes(groups.month!.toLowerCase()) && new Date(date).getUTCDate() === day;
  // A leap second is a second.
  if (!isDay || hour > 23 || minute > 59 || second > 60) return undefined;
  return date + ((hour * 60 + minute) * 60 + second) * 1000;
}

/**
 * A year of two digits that seems to be more than 50 years ahead is the last one that ended so (RFC 9110).
 */
function longYear(year: number, now: number | undefined): number {
  if (now === undefined) return 2000 + year;
  const thisYear = new Date(now).getUTCFullYear();
  const candidate = thisYear - (thisYear % 100) + year;
  return candidate > thisYear + 50 ? candidate - 100 : candidate;
}
