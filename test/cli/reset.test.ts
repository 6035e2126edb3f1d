import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runLocally } from '../../runtime/local-run.ts';
import { lockRun } from '../../runtime/run-lock.ts';
import { filesUnder } from '../e2e/support/lake-reading.ts';
import type { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';
import { rescrape, rescrapeJson } from './support/command-line.ts';
import { sessionWithDeadLetters } from './support/dead-letters.ts';
import { buildLake, type TestLake } from './support/lake.ts';

interface Plan {
  readonly documents: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly queue: Readonly<Record<string, number>>;
}

/**
 * Every file under the lake with the digest of its bytes; the store's own lock file is none of its objects.
 */
function lakeOf(directory: string): string[] {
  const lake = join(directory, 'lake');
  return [...filesUnder(lake)]
    .map((file) => `${relative(lake, file)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
    .filter((line) => !line.startsWith('.locks.sqlite'))
    .sort();
}

describe('reset', () => {
  let session: Session;
  beforeEach(async () => {
    session = await sessionWithDeadLetters();
  });
  afterEach(() => session.close());
  const cli = (...words: string[]) => rescrape(session.directory, 'reset', ...words);
  const plan = () => rescrapeJson(session.directory, 'reset', '--dry-run') as Promise<Plan>;

  it('says with --dry-run what it would forget and what that costs, and forgets nothing', async () => {
    const before = await plan();
    expect(before).toMatchObject({
      dry_run: true,
      targets: 1,
      failures: { open: 0, queued: 0, dead: 2, recovered: 0, dismissed: 0 },
      partitions: 1,
      running: [],
      queue: { due: 0, delayed: 0, in_flight: 0, dead: 3 },
    });
    const { code, stdout } = await cli('--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('forgotten: 2 dead');
    expect(stdout).toContain('the lake keeps every row; the next run asks for everything in its window');
    expect(stdout).toContain('nothing was changed');
    expect(await plan()).toEqual(before);
  });

  it('forgets state and queue, leaves every byte of the lake, and the next run publishes nothing new', async () => {
    const lake = lakeOf(session.directory);
    const { code, stdout } = await cli('--confirm');
    expect(code).toBe(0);
    expect(stdout).toContain(`the state of ${session.directory} is forgotten`);
    expect(lakeOf(session.directory)).toEqual(lake);
    expect(await plan()).toMatchObject({
      documents: 0,
      queue: { due: 0, delayed: 0, in_flight: 0, dead: 0 },
    });
    expect(await session.failures()).toEqual([]);

    const data = () => lakeOf(session.directory).filter((line) => line.startsWith('data/'));
    const published = data();
    expect(published.length).toBeGreaterThan(0);
    const { end } = await session.run({ targets: ['gb'] });
    expect(end.problems).toEqual([]);
    expect(data()).toEqual(published);
    // The two items fail still, and are failures as new as those of the first run ever.
    expect((await session.failures()).map(({ state, runs }) => [state, runs])).toEqual([
      ['queued', 1],
      ['queued', 1],
    ]);
    expect((await cli('--confirm', '--json')).code).toBe(0);
    expect((await cli('--confirm')).stdout).toMatch(/ has no state: there is nothing to forget\n$/);
  });

  it('forgets a document that nobody can read as well', async () => {
    await session.platform.state.write([
      { kind: 'put', partition: 'failures#racing', sort: 'gb#x#y', value: 'damaged' },
      { kind: 'put', partition: 'later', sort: 'x', value: 1 },
    ]);
    expect(await plan()).toMatchObject({ failures: { dead: 2 } });
    await cli('--confirm');
    expect((await plan()).documents).toBe(0);
  });

  it('forgets nothing while a run is under way, and says so in one line', async () => {
    const before = await plan();
    const unlock = await lockRun(session.platform, 'racing');
    const { code, stdout, stderr } = await cli('--confirm');
    unlock();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^rescrape: racing is being run over [^\n]*\n$/);
    expect(await plan()).toEqual(before);
    expect((await cli('--confirm')).code).toBe(0);
  });

  it('names an interrupted run, which nobody takes up again afterwards', async () => {
    const abort = new AbortController();
    session.onWrite = ({ name }) => {
      if (name.startsWith('run-sequences')) abort.abort();
    };
    const request = { source: 'racing', start: DAY, end: DAY, force: false, signal: abort.signal };
    const { kind, runId } = await runLocally(session.platform, request);
    session.onWrite = () => {};
    expect(kind).toBe('aborted');
    expect(await plan()).toMatchObject({ running: [`racing ${runId}`] });
    expect((await cli('--confirm')).stdout).toContain(`under way, or interrupted: run racing ${runId};`);
    const starts: boolean[] = [];
    await session.run({ onStart: ({ resumed }) => starts.push(resumed) });
    expect(starts).toEqual([false]);
  });
});

describe('reset of a lake with flags and held versions', () => {
  let lake: TestLake;
  beforeAll(async () => {
    lake = await buildLake();
  });
  afterAll(() => lake.remove());

  it('names the flags that it lifts and the held versions that are no longer listed', async () => {
    const { stdout } = await rescrape(lake.directory, 'reset', '--dry-run');
    expect(stdout).toContain('1 flag lifted: racing/fr (security_block_one_attempt)');
    expect(stdout).toContain(`racing_results/ire/${lake.older}`);
    const bytes = lakeOf(lake.directory);
    await rescrape(lake.directory, 'reset', '--confirm');
    expect(lakeOf(lake.directory)).toEqual(bytes);
    expect((await rescrape(lake.directory, 'skip', 'list')).stdout).toBe('no target is skipped\n');
    expect((await rescrape(lake.directory, 'failures', 'list', '--state', 'all')).stdout).toMatch(
      /^no failures/,
    );
  });
});
