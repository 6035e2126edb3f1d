import { parseCivilDate } from '../core/calendar/civil-date.ts';
import { startOfDate } from '../core/calendar/window.ts';
import { UsageError } from './failure.ts';

const SPAN = /^(\d{1,5})([mhdw])$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * The moment that `--expires` means, in milliseconds: a span from now as in `30d`, or a date, which is its
 * first moment in the time zone of the source. Throws a UsageError for anything else, or what is over.
 */
export function expiryOf(text: string, now: number, timeZone: string): number {
  const [, number, unit = ''] = SPAN.exec(text) ?? [];
  const date = parseCivilDate(text);
  const at =
    number !== undefined
      ? now + Number(number) * (UNIT_MS[unit] ?? 0)
      : date === undefined
        ? undefined
        : startOfDate(date, timeZone);
  if (at === undefined)
    throw new UsageError(
      `--expires ${JSON.stringify(text)} is no time`,
      'write 90m, 12h, 30d, 2w or a date, YYYY-MM-DD',
    );
  if (at <= now)
    throw new UsageError(`--expires ${JSON.stringify(text)} is over already`, 'give a later one');
  return at;
}
