import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import type { PartitionWork } from '../../core/platform.ts';
import { isFinalized } from '../../core/scrape/finalize.ts';
import { scrape } from '../../core/scrape/scrape.ts';
import { flagged } from '../../core/targets/flags.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { stoppable } from '../../runtime/stoppable.ts';
import { playProcess } from './support/played-process.ts';
import type { ShelfTask } from './support/shelf-main.ts';
import { ShelfSite, shelves } from './support/shelf-site.ts';

const DATES = Array.from({ length: 8 }, (_, day) => `2026-11-1${day}`);
const TARGETS = shelves.targets.map(({ id }) => id);
const RUN_ID = '019a9e00-0000-7000-8000-000000000000';

let directory: string;
let site: ShelfSite;
const opened: LocalPlatform[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-walls-'));
});
afterEach(async () => {
  for (const platform of opened.splice(0)) await platform.close();
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(env: Readonly<Record<string, string>> = {}): LocalPlatform {
  const platform = openLocalPlatform({ directory, env: { ...site.env, ...env }, sources: [shelves] });
  opened.push(platform);
  return platform;
}

const workOf = (target: string, date = DATES[0]!): PartitionWork => ({
  runId: RUN_ID,
  source: 'shelves',
  value: target,
  date,
  force: false,
});
const finalized = (platform: LocalPlatform, { value: target, date }: PartitionWork) =>
  isFinalized({
    platform,
    source: platform.sources[0]!,
    runId: RUN_ID,
    partition: { value: target, date: civilDate(date) },
  });

const flagOf = async (platform: LocalPlatform, target: string) =>
  (await new TargetStore(platform.state).get('shelves', target)).skip;

async function seen(requests: number): Promise<void> {
  while (site.requests.length < requests) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a wall', () => {
  it('that stands before a whole target is asked once, whatever waits and however many dates there are', async () => {
    site = await ShelfSite.start(() => true);
    const platform = open();
    await Promise.all(
      TARGETS.flatMap((target) => DATES.map((date) => scrape(platform, workOf(target, date)))),
    );
    expect(TARGETS.map((target) => site.of(target).length)).toEqual([1, 1, 1, 1]);
  });

  it('before the items is asked once, though eight indexes could be read', async () => {
    site = await ShelfSite.start(({ page }) => page === 'item');
    const platform = open();
    await Promise.all(DATES.map((date) => scrape(platform, workOf('a', date))));
    expect(site.of('a').filter(({ page }) => page === 'item')).toHaveLength(1);
  });

  it('that comes up later is met by those that are on their way, and by nobody after them', async () => {
    // Eight indexes, one note alone; then four notes are on their way at once, and the first of them to
    // answer is a wall.
    site = await ShelfSite.start((_, nth) => nth > 9);
    const release = Promise.withResolvers<void>();
    site.hold = async ({ walled }) => {
      if (!walled) return;
      if (site.of('a').filter((each) => each.walled).length === 4) release.resolve();
      await release.promise;
    };
    const platform = open();
    await Promise.all(DATES.map((date) => scrape(platform, workOf('a', date))));
    expect(site.of('a').filter(({ walled }) => walled)).toHaveLength(4);
    expect(await flagOf(platform, 'a')).toMatchObject({ reason: 'security_block_one_attempt' });
  });

  it('stops the waiting requests of another process, whose turn comes after the flag', async () => {
    site = await ShelfSite.start();
    const here = open({ RESCRAPE_SHELVES_CONCURRENCY: '1' });
    const release = Promise.withResolvers<void>();
    site.hold = ({ page }) => (page === 'item' ? release.promise : Promise.resolve());
    const works = DATES.map((date) => workOf('a', date));
    const scrapes = works.map((work) => scrape(here, work));
    await seen(9);
    const there = open();
    const flag = { reason: 'a wall that another process met', actor: 'rescrape', at: 0 };
    await new TargetStore(there.state).update('shelves', 'a', (record) => flagged(record, flag), flag);
    release.resolve();
    expect(await Promise.all(scrapes)).toEqual(works.map(() => ({ done: true })));
    expect(site.requests).toHaveLength(9);
    for (const work of works) expect(await finalized(here, work)).toBe(true);
  });

  it('is asked a handful of times at most by four processes over one state, and never again', async () => {
    // `a`: all of it. `b`: its items. `c`: from its twelfth request on. `d`: none.
    const walls = { a: () => true, b: ({ page }: { page: string }) => page === 'item' };
    site = await ShelfSite.start((request, nth) =>
      request.target === 'c' ? nth > 12 : (walls[request.target as 'a' | 'b']?.(request) ?? false),
    );
    const env = { ...site.env, RESCRAPE_SHELVES_MIN_DELAY_MS: '40' };
    const watch = open();
    const tasks = [0, 1, 2, 3].map((nth): ShelfTask => {
      const dates = DATES.filter((_, day) => day % 4 === nth);
      return {
        directory,
        env,
        works: dates.flatMap((date) => TARGETS.map((target) => workOf(target, date))),
      };
    });
    const main = new URL('./support/shelf-main.ts', import.meta.url);
    const options = { compileCache: join(directory, 'compile-cache') };
    const ends = await Promise.all(tasks.map((task) => playProcess<number>(main, task, options)));
    expect(ends).toEqual([8, 8, 8, 8]);
    expect(site.of('d')).toHaveLength(8 * 4);
    const hits = (target: string) => site.of(target).filter(({ walled }) => walled);
    // What four processes can have on their way at once; with the delay between their starts it is one or
    // two.
    for (const target of ['a', 'b', 'c']) {
      expect(hits(target).length).toBeGreaterThan(0);
      expect(hits(target).length).toBeLessThanOrEqual(4);
    }
    expect(await flagOf(watch, 'd')).toBeNull();
  });
});

describe('a scrape whose signal is aborted', () => {
  it('drops what waits, lets come what is on its way, and asks for no page again', async () => {
    site = await ShelfSite.start();
    const abort = new AbortController();
    const release = Promise.withResolvers<void>();
    // Two notes are answered; two are on their way and the others wait for their turn when the signal comes.
    const isLate = () => site.of('a').filter(({ page }) => page === 'item').length > 2;
    site.hold = () => (isLate() ? release.promise : Promise.resolve());
    const platform = open({ RESCRAPE_SHELVES_CONCURRENCY: '2' });
    const stopped = stoppable(platform, abort.signal);
    const works = DATES.slice(0, 4).map((date) => workOf('a', date));
    const scrapes = works.map((work) => scrape(stopped, work, () => abort.signal.aborted));
    await seen(8);
    abort.abort();
    release.resolve();
    expect((await Promise.all(scrapes)).every(({ done }) => done)).toBe(false);
    expect(site.requests).toHaveLength(8);
    await Promise.all(works.map((work) => scrape(platform, work)));
    const paths = site.requests.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toHaveLength(4 * 4);
  });
});
