import { civilDateAt } from '../../core/calendar/window.ts';
import { minutesOf } from '../../core/source/cadence.ts';
import type { Source } from '../../core/source/source.ts';
import { CRAWL_GAP_MS } from '../../core/targets/claim.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { startMenusSite } from '../../demo/menus/site.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import type { CrawledEnd, Demo } from './demo.ts';
import { menuChanges, menusSince } from './menu-changes.ts';
import { crawl, demoSource, importDemoTargets } from './played.ts';
import { targetCounts } from './value-counts.ts';

const SETTINGS = {
  RESCRAPE_MENUS_MIN_DELAY_MS: '0',
  RESCRAPE_MENUS_CONCURRENCY: '8',
  RESCRAPE_MENUS_TIMEOUT_MS: '2000',
};

/**
 * Two crawls with the time between them that the source asks for. Nobody waits for it: the clock of the first
 * one is behind by so much, and of a lake that has a crawl of since then there is only the second.
 */
export const menusDemo: Demo<CrawledEnd> = {
  name: 'menus',
  about: 'menus of forty stores on one host, crawled twice: between the two prices and stock move',
  async play(stage) {
    const source = demoSource('menus');
    const betweenMs = minutesOf(source.cadence) * 60_000;
    let behindMs = 0;
    const clock = { ...stage.clock, now: () => stage.clock.now() - behindMs };
    const site = await startMenusSite({ seed: stage.seed, now: clock.now });
    const platform = openLocalPlatform({
      directory: stage.directory,
      clock,
      env: { ...SETTINGS, ...site.settings },
      onEvent: (event) => stage.progress.onPipeline(event),
    });
    try {
      const isFirstPast = (await lastCrawlAt(platform, source)) + CRAWL_GAP_MS > clock.now() - betweenMs;
      behindMs = isFirstPast ? 0 : betweenMs;
      const imported = await importDemoTargets(platform, source, site.csv);
      const first = await crawl(platform, source, stage);
      const runs = [first.end];
      const shared = { kind: 'crawled', source: source.name, imported, platform } as const;
      if (isFirstPast)
        return {
          ...{ ...shared, runs, changes: null, completeness: first.report },
          counts: await targetCounts(platform, source, first.report, first.startedAt),
        };
      const firstDate = civilDateAt(first.startedAt, source.timeZone);
      const before = await menusSince(platform, firstDate);
      site.nextRound();
      behindMs = 0;
      const second = await crawl(platform, source, stage);
      return {
        ...{ ...shared, runs: [...runs, second.end], completeness: second.report },
        changes: menuChanges(before, await menusSince(platform, firstDate)),
        counts: await targetCounts(platform, source, second.report, second.startedAt),
      };
    } finally {
      await platform.close();
      await site.close();
    }
  },
};

/** When any target of the source was last crawled; milliseconds, 0 for never. */
async function lastCrawlAt({ state }: LocalPlatform, { name }: Source): Promise<number> {
  let last = 0;
  for await (const { lastCrawlAt } of new TargetStore(state).list(name))
    last = Math.max(last, lastCrawlAt ?? 0);
  return last;
}
