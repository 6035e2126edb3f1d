import { addDays } from '../../../core/calendar/civil-date.ts';
import type { Country } from '../../../demo/model/racing-day.ts';
import { type DemoSite, type DemoSiteOptions, startDemoSite } from '../../../demo/site.ts';
import { TODAY, testClock } from './test-time.ts';

/** The day that the tests scrape. */
export const DAY = addDays(TODAY, -2);
export const ONE_DAY = ['--start', DAY, '--end', DAY];
/** Words of a run over one partition. */
export const RUN = ['run', 'racing', ...ONE_DAY, '--target', 'gb'];

/** The demo site with a handful of short pages a day. */
export function startSmallSite(options: Partial<DemoSiteOptions> = {}): Promise<DemoSite> {
  return startDemoSite({
    seed: 3,
    today: TODAY,
    now: testClock.now,
    pageBytes: 4000,
    fieldSize: 3,
    racesPerDay: 0.35,
    specials: false,
    ...options,
  });
}

/** How much a scrape of `DAY` should find there, as the site's own model has it. */
export function amountOf(
  site: Pick<DemoSite, 'truth'>,
  country: Country = 'gb',
): { readonly races: number; readonly rows: number } {
  const races = site.truth(country, DAY);
  return { races: races.length, rows: races.reduce((sum, { runners }) => sum + runners.length, 0) };
}

/** Settings under which the site is asked as fast as it answers. */
export function settingsFor(site: Pick<DemoSite, 'url'>, more: Readonly<Record<string, string>> = {}) {
  return {
    RESCRAPE_RACING_URL: site.url,
    RESCRAPE_RACING_MIN_DELAY_MS: '0',
    RESCRAPE_RACING_TIMEOUT_MS: '30000',
    ...more,
  };
}
