import { civilDateAt } from '../../core/calendar/window.ts';
import { startSchedulesSite } from '../../demo/schedules/site.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import type { CrawledEnd, Demo } from './demo.ts';
import { crawl, demoSource, importDemoTargets } from './played.ts';
import { targetCounts } from './value-counts.ts';

/** The hosts are ours, and stand on this machine: `<district>.localhost`. */
const SETTINGS = {
  RESCRAPE_SCHEDULES_PRIVATE_NETWORK: 'allow',
  RESCRAPE_SCHEDULES_MIN_DELAY_MS: '100',
  RESCRAPE_SCHEDULES_TIMEOUT_MS: '2000',
};

export const schedulesDemo: Demo<CrawledEnd> = {
  name: 'schedules',
  about: 'bell schedules of sixty districts on as many hosts, each asked at its own pace',
  async play(stage) {
    const source = demoSource('schedules');
    const today = civilDateAt(stage.clock.now(), source.timeZone);
    const site = await startSchedulesSite({
      ...{ seed: stage.seed, today, troubles: stage.hasFaults },
      now: stage.clock.now,
    });
    const platform = openLocalPlatform({
      directory: stage.directory,
      clock: stage.clock,
      env: SETTINGS,
      onEvent: (event) => stage.progress.onPipeline(event),
    });
    try {
      const imported = await importDemoTargets(platform, source, site.csv());
      const { end, startedAt, report } = await crawl(platform, source, stage);
      return {
        ...{
          kind: 'crawled',
          source: source.name,
          imported,
          runs: [end],
          changes: null,
          completeness: report,
          platform,
        },
        counts: await targetCounts(platform, source, report, startedAt),
      };
    } finally {
      await platform.close();
      await site.close();
    }
  },
};
