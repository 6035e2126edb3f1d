import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NO_FAULTS } from '../../demo/faults.ts';
import type { DemoSite } from '../../demo/site.ts';
import { startCommand } from './support/command-line.ts';
import { GB } from './support/gb-partition.ts';
import { currentRows } from './support/lake-reading.ts';
import { requestRecord } from './support/request-record.ts';
import { amountOf, DAY, ONE_DAY, RUN, settingsFor, startSmallSite } from './support/small-site.ts';

const root = mkdtempSync(join(tmpdir(), 'rescrape-worker-'));
let cwd: string;
let runs = 0;
let site: DemoSite;
/** Where the requests of the test in hand begin in the site's log. */
let before: number;

beforeAll(async () => {
  site = await startSmallSite();
});
beforeEach(() => {
  cwd = join(root, `cwd-${++runs}`);
  mkdirSync(cwd);
  before = site.requests.length;
});
afterAll(async () => {
  await site.close();
  rmSync(root, { recursive: true, force: true });
});

const start = (...args: string[]) =>
  startCommand(
    args,
    settingsFor(site, { RESCRAPE_RACING_COOL_DOWN_MINUTES: '0', RESCRAPE_RACING_MIN_DELAY_MS: '40' }),
    cwd,
  );
const lake = () => join(cwd, '.rescrape');
const rows = async () => (await currentRows(lake())).get(GB)?.length ?? 0;

/** The first request for each of the first so many races finds another page than the parser knows. */
function changeOnce(races: number): void {
  const rules = Array.from({ length: races }, (_, race) => ({
    where: { country: 'gb' as const, date: DAY, race },
    fault: { kind: 'changed-page' as const },
    times: 1,
  }));
  site.setFaults({ ...NO_FAULTS, rules });
}

async function everyRequestIsOnRecord(): Promise<void> {
  const { asked, onRecord } = await requestRecord(lake(), site.requests.slice(before));
  expect(onRecord).toEqual(asked);
}

describe('rescrape worker', () => {
  it('heals what a run leaves behind while it is up, beside runs, and ends in order when it is interrupted', async () => {
    const worker = start('worker');
    changeOnce(2);
    const run = await start(...RUN).ended;
    expect(run.code).toBe(3);
    while ((await rows()) < amountOf(site).rows) await sleep(50);
    expect(await rows()).toBe(amountOf(site).rows);
    worker.child.kill('SIGINT');
    const { code, stdout, stderr } = await worker.ended;
    expect(code).toBe(0);
    expect(stdout.match(/ recovered: committed/g)).toHaveLength(2);
    expect(stderr).toContain('at the end: 0 due, 0 waiting, 0 under way');
    await everyRequestIsOnRecord();
  });

  it.each(['SIGINT', 'SIGHUP'] as const)(
    'ends in order when a terminal sends %s to it and its launcher at once',
    async (signal) => {
      site.setFaults(NO_FAULTS);
      const worker = startCommand(['worker'], settingsFor(site), cwd, { detached: true });
      await new Promise<void>((resolve) =>
        worker.child.stderr!.on('data', (text) => String(text).includes('at first') && resolve()),
      );
      process.kill(-worker.child.pid!, signal);
      const { code, stderr } = await worker.ended;
      expect(stderr).toContain('at the end: 0 due');
      expect(code).toBe(0);
    },
  );

  it('shares the work with others: two of them, a retry by hand and a run bring each item, no faster than one would ask', async () => {
    changeOnce(amountOf(site).races);
    await start('run', 'racing', ...ONE_DAY).ended;
    const asked = site.requests.length;
    const ends = await Promise.all(
      [['worker', '--once'], ['worker', '--once'], ['retry', '--all'], RUN].map(
        (args) => start(...args).ended,
      ),
    );
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await rows()).toBe(amountOf(site).rows);
    const left = await start('failures', 'list', '--json').ended;
    expect(JSON.parse(left.stdout)).toEqual({ items: [] });
    expect(JSON.parse((await start('dead-letters', 'list', '--json').ended).stdout)).toEqual({
      items: [],
    });
    await everyRequestIsOnRecord();
    const times = site.requests.slice(asked).map(({ at }) => at);
    // Four processes that knew nothing of one another would come every 10 ms on average; one comes every 40.
    expect((times.at(-1)! - times[0]!) / (times.length - 1)).toBeGreaterThan(20);
  });
});
