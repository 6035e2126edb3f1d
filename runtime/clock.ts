import * as z from 'zod';
import { clockAhead, systemClock } from '../adapters/local/system-clock.ts';
import type { Clock } from '../core/ports/clock.ts';
import { SettingError } from './setting-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Every id and log folder begins with its milliseconds since 1970, so there is no time before it. */
const INSTANT = z.iso.datetime({ offset: true }).refine((text) => Date.parse(text) >= 0);

/**
 * The clock of this machine's commands. `RESCRAPE_NOW`, an ISO 8601 instant with its offset, sets it: it
 * shows that instant when the process starts, and runs on from there. Without it, it is the machine's. Throws
 * a SettingError for any other text.
 */
export function clockOf(env: Environment): Clock {
  const startsAt = env.RESCRAPE_NOW;
  if (startsAt === undefined || startsAt === '') return systemClock;
  if (!INSTANT.safeParse(startsAt).success)
    throw new SettingError(
      `RESCRAPE_NOW is ${JSON.stringify(startsAt)}: give an instant such as 2025-11-22T12:00:00Z`,
    );
  return clockAhead(Math.round(Date.parse(startsAt) - performance.timeOrigin));
}

/**
 * A deployed stack lives in the present: what a command did there at another time would stay on its records.
 */
export function refuseClockOf(env: Environment): void {
  if (clockOf(env) !== systemClock)
    throw new SettingError('RESCRAPE_NOW sets the clock of this machine only: leave it out with --stack');
}
