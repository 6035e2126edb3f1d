import { civilDate } from '../../../core/window/civil-date.ts';
import { type DemoSite, type DemoSiteOptions, startDemoSite } from '../../../demo/site.ts';

/** The day that the tests scrape, and the one on which the site says it is. */
export const DAY = civilDate('2026-11-20');
export const TODAY = civilDate('2026-11-22');

/** The demo site with a handful of short pages a day: four races in Great Britain, two in Ireland, two in France. */
export function startSmallSite(options: Partial<DemoSiteOptions> = {}): Promise<DemoSite> {
  return startDemoSite({
    seed: 3,
    today: TODAY,
    pageBytes: 4000,
    fieldSize: 3,
    racesPerDay: 0.35,
    specials: false,
    ...options,
  });
}

/** Settings under which the site is asked as fast as it answers. */
export function settingsFor(site: Pick<DemoSite, 'url'>, more: Readonly<Record<string, string>> = {}) {
  return {
    RESCRAPE_RACING_URL: site.url,
    RESCRAPE_RACING_MIN_DELAY_MS: '0',
    RESCRAPE_RACING_TIMEOUT_MS: '5000',
    ...more,
  };
}
