import { type CivilDate, datesBetween } from '../../core/calendar/civil-date.ts';
import { civilDateAt } from '../../core/calendar/window.ts';
import { NO_COUNTS } from '../../core/enrich/enrichment-stats.ts';
import { EntityStore } from '../../core/enrich/entity-store.ts';
import type { Source } from '../../core/source/source.ts';
import { PartitionStore } from '../../core/state/partition-store.ts';
import { FEEDS } from '../../demo/tutoring/people.ts';
import { startTutoringSite, type TutoringSite, tutoringFaults } from '../../demo/tutoring/site.ts';
import type { Look } from '../../demo/tutoring/truth.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { windowOf } from '../context.ts';
import type { CrawledEnd, Demo } from './demo.ts';
import { countsByKind, countsSince } from './enriched.ts';
import { crawl, demoSource } from './played.ts';
import { entityRowsSince, scrapedSince, tutoringVerdict } from './tutoring-verdict.ts';
import { itemCounts } from './value-counts.ts';

const SETTINGS = {
  RESCRAPE_TUTORING_MIN_DELAY_MS: '0',
  RESCRAPE_TUTORING_CONCURRENCY: '8',
  RESCRAPE_TUTORING_TIMEOUT_MS: '2000',
};
const DAY_MS = 86_400_000;

/**
 * Two days: what waited on the first for somebody who is listed on the second is there then. Nobody waits for
 * it: the clock of the first run is behind by a day, and of a lake that has today there is only the second.
 */
export const tutoringDemo: Demo<CrawledEnd> = {
  name: 'tutoring',
  about: 'tutors, students, sessions and feedback of two feeds on two days, enriched and kept as tables',
  async play(stage) {
    const source = demoSource('tutoring');
    const endsAt = stage.clock.now();
    const today = dateOf(source, endsAt);
    let behindMs = 0;
    const clock = { ...stage.clock, now: () => stage.clock.now() - behindMs };
    const site = await startTutoringSite({
      ...{ seed: stage.seed, today, faults: stage.hasFaults ? tutoringFaults(today) : [] },
      now: clock.now,
    });
    const platform = openLocalPlatform({
      directory: stage.directory,
      clock,
      env: { ...SETTINGS, RESCRAPE_TUTORING_URL: site.url },
      onEvent: (event) => stage.progress.onPipeline(event),
    });
    try {
      const before = await countsByKind(platform);
      const looks: Look[] = [];
      const day = async (startedAt: number) => {
        const date = dateOf(source, startedAt);
        site.setToday(date);
        const ended = await crawl(platform, source, stage, startedAt);
        looks.push(...looksOf(source, startedAt, date));
        return ended;
      };
      const runs = [];
      if (!(await hasToday(platform, source, today))) {
        behindMs = DAY_MS;
        runs.push((await day(endsAt - DAY_MS)).end);
        behindMs = 0;
      }
      const { end, report } = await day(endsAt);
      return {
        ...({ kind: 'crawled', source: source.name, imported: null } as const),
        ...{ runs: [...runs, end], changes: null, platform },
        ...{ completeness: report, counts: itemCounts(end, report) },
        enriched: await enrichedOf(platform, site, looks, before),
      };
    } finally {
      await platform.close();
      await site.close();
    }
  },
};

async function enrichedOf(
  platform: LocalPlatform,
  site: TutoringSite,
  looks: readonly Look[],
  before: Awaited<ReturnType<typeof countsByKind>>,
) {
  const start = looks.map(({ date }) => date).sort()[0]!;
  // What an earlier start of the demo left is there, whatever the lists of these days say.
  const stored = new Set<string>();
  const entities = new EntityStore(platform.state);
  for (const { kind } of platform.enrichers)
    for await (const { key } of entities.list(kind)) stored.add(`${kind}/${key}`);
  const truth = site.truth(looks, ({ kind, key }) => stored.has(`${kind}/${key}`));
  const rows = await entityRowsSince(platform, start);
  const [after, scraped] = [await countsByKind(platform), await scrapedSince(platform, start)];
  return {
    kinds: platform.enrichers.map(({ kind }) => ({
      ...{ kind, scraped: scraped.get(kind) ?? 0, rows: rows.get(kind)?.length ?? 0 },
      ...countsSince(after.get(kind) ?? NO_COUNTS, before.get(kind) ?? NO_COUNTS),
    })),
    ...(await tutoringVerdict(platform, truth, rows)),
  };
}

function looksOf(source: Source, startedAt: number, today: CivilDate): Look[] {
  const { start, end } = windowOf(source, startedAt, {});
  return FEEDS.flatMap((feed) => [...datesBetween(start, end)].map((date) => ({ feed, date, today })));
}

async function hasToday({ state }: LocalPlatform, source: Source, today: CivilDate): Promise<boolean> {
  const store = new PartitionStore(state);
  for (const { id } of source.targets)
    for await (const _ of store.range(source.table.name, id, today, today)) return true;
  return false;
}

function dateOf({ timeZone }: Source, at: number): CivilDate {
  return civilDateAt(at, timeZone);
}
