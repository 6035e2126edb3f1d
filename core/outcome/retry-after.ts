import { type HeaderPairs, headerValue } from '../fetch/headers.ts';

/**
 * Milliseconds that a Retry-After header asks for, from seconds or an HTTP date; never negative, not clamped.
 * A date is measured against the response's own Date, so that a wrong clock on either side does no harm, and
 * against `now` (milliseconds since the epoch) where the response has none. Undefined without a readable header.
 */
export function retryAfterMs(headers: HeaderPairs, now?: number): number | undefined {
  const value = headerValue(headers, 'retry-after');
  if (value === undefined) return undefined;
  if (/^\d{1,9}(?:\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1000);
  const until = httpDate(value);
  const since = httpDate(headerValue(headers, 'date')) ?? now;
  if (until === undefined || since === undefined) return undefined;
  return Math.max(0, until - since);
}

function httpDate(value: string | undefined): number | undefined {
  // Date.parse reads far more than HTTP dates: every one of them begins with the name of a day.
  if (value === undefined || !/^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}
