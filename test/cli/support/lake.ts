import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDays, type CivilDate } from '../../../core/calendar/civil-date.ts';
import { partitionName } from '../../../core/lake/layout.ts';
import { type FaultPlan, type FaultRule, NO_FAULTS } from '../../../demo/faults.ts';
import { type DemoSite, startDemoSite } from '../../../demo/site.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { TODAY, testClock } from '../../e2e/support/test-time.ts';

/** A lake with one of everything that a command can show, and the site that it came from. */
export interface TestLake {
  readonly directory: string;
  readonly site: DemoSite;
  /** The day before yesterday. */
  readonly older: CivilDate;
  /** Yesterday. */
  readonly newer: CivilDate;
  readonly runs: Readonly<Record<'first' | 'recovery' | 'wall' | 'empty', string>>;
  /** Ids of the races that meet a fault. */
  readonly races: Readonly<Record<'notFound' | 'changed' | 'walled', string>>;
  remove(): Promise<void>;
}

/**
 * gb: both days, a 404 that the next run recovers (so the newer day has two versions, the older was found
 * unchanged). ire: a changed page on the newer day; the older day turns empty, and the version without it is
 * held. fr: a wall before the last race of the newer day, which flags it; the older day was never scraped.
 */
export async function buildLake(): Promise<TestLake> {
  const [older, newer] = [addDays(TODAY, -2), addDays(TODAY, -1)];
  const site = await startDemoSite({
    ...{ seed: 7, today: TODAY, pageBytes: 20_000, racesPerDay: 0.3, specials: false },
    now: testClock.now,
  });
  const directory = await mkdtemp(join(tmpdir(), 'rescrape-cli-'));

  const run = async (faults: Partial<FaultPlan>, start: CivilDate, end: CivilDate, targets: string[]) => {
    site.setFaults({ ...NO_FAULTS, ...faults });
    const platform = openLocalPlatform({
      directory,
      clock: testClock,
      // One request at a time, so that a wall stands before the same pages in every run.
      env: {
        RESCRAPE_RACING_URL: site.url,
        RESCRAPE_RACING_MIN_DELAY_MS: '0',
        RESCRAPE_RACING_CONCURRENCY: '1',
      },
    });
    try {
      const ended = await runLocally(platform, { source: 'racing', start, end, targets, force: false });
      if (ended.kind !== 'finished')
        throw new Error(`the run of the test lake ended ${JSON.stringify(ended)}`);
      return ended.runId;
    } finally {
      await platform.close();
    }
  };
  const faultAt = (country: 'gb' | 'ire' | 'fr', race: number, fault: FaultRule['fault']): FaultRule => ({
    where: { country, date: newer, race },
    fault,
  });

  const first = await run(
    {
      rules: [faultAt('gb', 0, { kind: 'status', status: 404 }), faultAt('ire', 1, { kind: 'changed-page' })],
    },
    older,
    newer,
    ['gb', 'ire'],
  );
  const recovery = await run({}, older, newer, ['gb']);
  const wall = await run({ rules: [faultAt('fr', -1, { kind: 'cloudflare-challenge' })] }, newer, newer, [
    'fr',
  ]);
  const empty = await run({ emptyDays: [{ country: 'ire', date: older }] }, older, older, ['ire']);

  return {
    directory,
    site,
    older,
    newer,
    runs: { first, recovery, wall, empty },
    races: {
      notFound: site.truth('gb', newer)[0]!.raceId,
      changed: site.truth('ire', newer)[1]!.raceId,
      walled: site.truth('fr', newer).at(-1)!.raceId,
    },
    remove: async () => {
      await site.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** `racing/gb/2026-11-17` */
export function nameOf(target: string, date: CivilDate): string {
  return partitionName('racing', { value: target, date });
}
