import { civilDateAt } from '../../core/calendar/window.ts';
import { demoFaults, NO_FAULTS } from '../../demo/faults.ts';
import { startDemoSite } from '../../demo/site.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import type { CrawledEnd, Demo } from './demo.ts';
import { crawl, demoSource } from './played.ts';
import { itemCounts } from './value-counts.ts';

/** What the demo site can bear: it is ours, and stands on this machine. */
const SETTINGS = {
  RESCRAPE_RACING_MIN_DELAY_MS: '0',
  RESCRAPE_RACING_CONCURRENCY: '8',
  RESCRAPE_RACING_TIMEOUT_MS: '2000',
};

export const racingDemo: Demo<CrawledEnd> = {
  name: 'racing',
  about: 'the last seven days of racing results, on a site that misbehaves',
  async play(stage) {
    const source = demoSource('racing');
    // One instant for the site and the window: a run that crosses midnight still asks for days that the
    // site has.
    const now = stage.clock.now();
    const today = civilDateAt(now, source.timeZone);
    const faults = stage.hasFaults ? demoFaults(today) : NO_FAULTS;
    const site = await startDemoSite({
      ...{ seed: stage.seed, today, markup: 'mix', faults },
      now: stage.clock.now,
    });
    const platform = openLocalPlatform({
      directory: stage.directory,
      clock: stage.clock,
      env: { ...SETTINGS, RESCRAPE_RACING_URL: site.url },
      onEvent: (event) => stage.progress.onPipeline(event),
    });
    try {
      const { end, report } = await crawl(platform, source, stage, now);
      return {
        ...{
          kind: 'crawled',
          source: source.name,
          imported: null,
          runs: [end],
          changes: null,
          completeness: report,
          platform,
        },
        counts: itemCounts(end, report),
      };
    } finally {
      await platform.close();
      await site.close();
    }
  },
};
