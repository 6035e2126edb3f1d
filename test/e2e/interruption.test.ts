import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DemoSite } from '../../demo/site.ts';
import { type CommandEnd, complaintOf, startCommand } from './support/command-line.ts';
import { GB } from './support/gb-partition.ts';
import { currentRows, logRows } from './support/lake-reading.ts';
import { amountOf, ONE_DAY, RUN, settingsFor, startSmallSite } from './support/small-site.ts';

const root = mkdtempSync(join(tmpdir(), 'rescrape-interruption-'));
let cwd: string;
let runs = 0;
/** A site that takes its time, so that a run is still under way when something happens to it. */
let slow: DemoSite;
/** Called by the site at each request, before it answers. */
let onRequest = () => {};

beforeAll(async () => {
  slow = await startSmallSite({ latencyMs: 150, onRequest: () => onRequest() });
});
beforeEach(() => {
  cwd = join(root, `cwd-${++runs}`);
  mkdirSync(cwd);
});
afterEach(() => {
  onRequest = () => {};
});
afterAll(async () => {
  await slow.close();
  rmSync(root, { recursive: true, force: true });
});

const start = (args: readonly string[], options?: { readonly detached: boolean }) =>
  startCommand(args, settingsFor(slow, { RESCRAPE_RACING_CONCURRENCY: '1' }), cwd, options);
const rescrape = (args: readonly string[]): Promise<CommandEnd> => start(args).ended;

/** Does something once, at the site's nth request from now on. */
function atRequest(nth: number, deed: () => void): Promise<void> {
  const due = slow.requests.length + nth;
  return new Promise((resolve) => {
    onRequest = () => {
      if (slow.requests.length !== due) return;
      deed();
      resolve();
    };
  });
}

describe('a run that is not alone, or not undisturbed', () => {
  it('turns a second run at the same time away with one line, and ends as if there had been none', async () => {
    const first = start(RUN, { detached: true });
    // It stands still with its launcher, so that it is under way however long the second one takes.
    await atRequest(2, () => process.kill(-first.child.pid!, 'SIGSTOP'));
    const second = await rescrape(RUN);
    process.kill(-first.child.pid!, 'SIGCONT');
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(complaintOf(second)).toMatch(
      /^\S* ?racing is being run over .* by another process \(on record as under way: run [\w-]{36}\): wait until it ends, or stop it$/,
    );
    expect(await first.ended).toMatchObject({ code: 0 });
    expect((await currentRows(join(cwd, '.rescrape'))).get(GB)).toHaveLength(amountOf(slow).rows);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'stops on %s, and the next run goes on without asking for any page again',
    async (signal) => {
      const before = slow.requests.length;
      const first = start(RUN);
      await atRequest(3, () => first.child.kill(signal));
      const end = await first.ended;
      expect(end).toMatchObject({ code: 130 });
      expect(complaintOf(end)).toMatch(/interrupted; run the same command again/);
      expect(end.stderr).toContain('interrupted: nothing more is asked for');
      // The index and the races.
      const pages = 1 + amountOf(slow).races;
      expect(slow.requests.length - before).toBeLessThan(1 + pages);

      const second = await rescrape(RUN);
      expect(second).toMatchObject({ code: 0 });
      expect(second.stderr).toContain('resuming run');
      const asked = slow.requests
        .slice(before)
        .map(({ path }) => path)
        .filter((path) => path !== '/robots.txt');
      expect(asked).toHaveLength(pages);
      expect(new Set(asked).size).toBe(pages);
      expect(
        (await logRows(join(cwd, '.rescrape'), 'attempts')).filter((row) => row.item_id !== 'robots.txt'),
      ).toHaveLength(pages);
    },
  );

  it('leaves what an interrupted run had tried on record, when a run with another window takes its place', async () => {
    const before = slow.requests.length;
    const first = start(RUN);
    await atRequest(4, () => first.child.kill('SIGINT'));
    await first.ended;
    const asked = slow.requests
      .slice(before)
      .map(({ path }) => path)
      .sort();
    await rescrape(['run', 'racing', ...ONE_DAY, '--target', 'fr']);
    const tried = (await logRows(join(cwd, '.rescrape'), 'attempts')).filter((row) => row.target === 'gb');
    expect(tried.map((row) => new URL(String(row.url)).pathname).sort()).toEqual(asked);
  });
});
