import { clockAhead } from '../adapters/local/system-clock.ts';
import { addDays, civilDate, datesBetween, epochDay } from '../core/calendar/civil-date.ts';
import { NO_FAULTS } from '../demo/faults.ts';
import { startDemoSite } from '../demo/site.ts';
import { openLocalPlatform } from '../runtime/local.ts';
import { runLocally } from '../runtime/local-run.ts';

/** The last day of the lake; commands are asked on the day after. */
const LAST = civilDate('2025-10-31');
const DAYS = 365;
/** On every third day the first British race has a page that cannot be read, and its failure stays open. */
const FAILING_EVERY = 3;

export const ASKED_AT = `${addDays(LAST, 1)}T12:00:00Z`;

/**
 * A year of nightly runs by the program itself, three countries, a run a day, from a demo site with a quarter
 * of the usual races on small pages: 1,095 partitions, 365 runs, some 120 failures. Throws where a run does
 * not finish.
 */
export async function writeYearLake(directory: string): Promise<void> {
  const dates = [...datesBetween(addDays(LAST, 1 - DAYS), LAST)];
  const site = await startDemoSite({
    ...{ seed: 1, today: LAST, racesPerDay: 0.25, fieldSize: 8, pageBytes: 20_000, indexBytes: 6_000 },
  });
  try {
    const failing = dates.filter((date, at) => at % FAILING_EVERY === 0 && site.truth('gb', date).length > 0);
    site.setFaults({
      ...NO_FAULTS,
      rules: failing.map((date) => ({
        where: { country: 'gb', date, race: 0 },
        fault: { kind: 'changed-page' },
      })),
    });
    const env = { RESCRAPE_RACING_URL: site.url, RESCRAPE_RACING_MIN_DELAY_MS: '0' };
    for (const date of dates) {
      const night = (epochDay(date) + 1) * 86_400_000 - 3_600_000;
      const clock = clockAhead(Math.round(night - performance.timeOrigin - performance.now()));
      const platform = openLocalPlatform({ directory, env, clock });
      const end = await runLocally(platform, { source: 'racing', start: date, end: date, force: false });
      await platform.close();
      if (end.kind !== 'finished') throw new Error(`the run of ${date} ${end.kind}`);
    }
  } finally {
    await site.close();
  }
}
