import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NO_FAULTS } from '../../demo/faults.ts';
import type { DemoSite } from '../../demo/site.ts';
import { type CommandEnd, complaintOf, startCommand } from './support/command-line.ts';
import { currentRows, logRows } from './support/lake-reading.ts';
import { DAY, GB, RUN, TODAY } from './support/present-day.ts';
import { settingsFor, startSmallSite } from './support/small-site.ts';

const root = mkdtempSync(join(tmpdir(), 'rescrape-interruption-'));
let cwd: string;
let runs = 0;
/** A site that takes its time, so that a run is still under way when something happens to it. */
let slow: DemoSite;

beforeAll(async () => {
  slow = await startSmallSite({ today: TODAY, latencyMs: 150 });
});
beforeEach(() => {
  cwd = join(root, `cwd-${++runs}`);
  mkdirSync(cwd);
});
afterEach(() => slow.setFaults(NO_FAULTS));
afterAll(async () => {
  await slow.close();
  rmSync(root, { recursive: true, force: true });
});

const start = (args: readonly string[]) =>
  startCommand(args, settingsFor(slow, { RESCRAPE_RACING_CONCURRENCY: '1' }), cwd);
const rescrape = (args: readonly string[]): Promise<CommandEnd> => start(args).ended;

describe('a run that is not alone, or not undisturbed', () => {
  async function seen(requests: number): Promise<void> {
    while (slow.requests.length < requests) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  it('turns a second run at the same time away with one line, and ends as if there had been none', async () => {
    const index = {
      where: { path: `/results/${DAY}` },
      fault: { kind: 'slow-body', totalMs: 3000 },
    } as const;
    slow.setFaults({ ...NO_FAULTS, rules: [index] });
    const first = start(RUN);
    await seen(slow.requests.length + 2);
    const second = await rescrape(RUN);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(complaintOf(second)).toMatch(/racing is being run over .* by another process: wait until it ends/);
    expect(await first.ended).toMatchObject({ code: 0 });
    expect((await currentRows(join(cwd, '.rescrape'))).get(GB)).toHaveLength(12);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'stops on %s, and the next run goes on without asking for any page again',
    async (signal) => {
      const before = slow.requests.length;
      const first = start(RUN);
      await seen(before + 4);
      first.child.kill(signal);
      const end = await first.ended;
      expect(end).toMatchObject({ code: 1 });
      expect(complaintOf(end)).toMatch(/interrupted; run the same command again/);
      expect(slow.requests.length - before).toBeLessThan(6);

      const second = await rescrape(RUN);
      expect(second).toMatchObject({ code: 0 });
      expect(second.stderr).toContain('resuming run');
      const races = slow.requests
        .slice(before)
        .map(({ path }) => path)
        .filter((path) => path !== '/robots.txt');
      expect(races.length).toBe(5);
      expect(new Set(races).size).toBe(5);
      expect(
        (await logRows(join(cwd, '.rescrape'), 'attempts')).filter((row) => row.item_id !== 'robots.txt'),
      ).toHaveLength(5);
    },
  );

  it('leaves what an interrupted run had tried on record, when a run with another window takes its place', async () => {
    const before = slow.requests.length;
    const first = start(RUN);
    await seen(before + 4);
    first.child.kill('SIGINT');
    await first.ended;
    const asked = slow.requests
      .slice(before)
      .map(({ path }) => path)
      .sort();
    await rescrape(['run', 'racing', '--start', DAY, '--end', DAY, '--target', 'fr']);
    const tried = (await logRows(join(cwd, '.rescrape'), 'attempts')).filter((row) => row.target === 'gb');
    expect(tried.map((row) => new URL(String(row.url)).pathname).sort()).toEqual(asked);
  });
});
