import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isoTime } from '../../core/wording/times.ts';
import type { FaultRule } from '../../demo/faults.ts';
import type { DemoSite } from '../../demo/site.ts';
import { asked, faults, raceId, rule, status } from '../e2e/support/race-faults.ts';
import { DAY, settingsFor, startSmallSite } from '../e2e/support/small-site.ts';
import { rescrape, rescrapeItems, rescrapeJson } from './support/command-line.ts';

/** A partition that has rows, and items that failed in the run after that: nothing waits for a cool-down. */
let site: DemoSite;
let directory: string;
let run: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-retry-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});

async function failedRun(...rules: FaultRule[]): Promise<void> {
  return failedRunCoolingDown('0', ...rules);
}
/** `minutes`: what failed waits for so long. */
async function failedRunCoolingDown(minutes: string, ...rules: FaultRule[]): Promise<void> {
  site = await startSmallSite({ faults: faults(...rules) });
  const settings = settingsFor(site, { RESCRAPE_RACING_COOL_DOWN_MINUTES: minutes });
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  const [end] = (await rescrapeItems(directory, ...day)) as { run_id: string }[];
  run = end!.run_id;
}
const day = ['run', 'racing', '--target', 'gb', '--start', DAY, '--end', DAY];
const id = (race: number) => raceId({ site }, race);
const name = (race: number) => `racing/gb/${DAY}/${id(race)}`;
const requests = (...races: number[]) => asked({ site }, ...races);
/** What a run waits for before a page that is refused once; the run itself asks a wall or a 404 only once. */
const changed = (race: number, times?: number) => rule(race, { kind: 'changed-page' }, times);

describe('rescrape retry', () => {
  it('recovers what the site gives now, item by item, and says so', async () => {
    await failedRun(changed(0, 1), changed(1, 1));
    const { code, stdout, stderr } = await rescrape(directory, 'retry', '--all');
    expect(code).toBe(0);
    expect(stderr).toContain(`${name(0)} recovered: committed`);
    expect(stdout).toContain('2 recovered, 0 not');
    expect(await rescrapeItems(directory, 'failures', 'list')).toEqual([]);
    expect(requests(0, 1)).toEqual([2, 2]);
  });

  it('tries only what was asked for', async () => {
    await failedRun(changed(0, 1), changed(1, 1), changed(2, 1));
    await rescrapeJson(directory, 'retry', '--partition', name(1));
    expect(requests(0, 1, 2)).toEqual([1, 2, 1]);
    const { answers } = (await rescrapeJson(directory, 'retry', '--run', run)) as { answers: object[] };
    expect(answers).toHaveLength(2);
    expect(answers).toMatchObject([{ kind: 'recovered' }, { kind: 'recovered' }]);
  });

  it('ends with 3 where an item fails again, which then waits for its next try as before', async () => {
    await failedRun(changed(0));
    const { code, stderr } = await rescrape(directory, 'retry', '--partition', `racing/gb/${DAY}`);
    expect(code).toBe(3);
    expect(stderr).toMatch(/failed again: HTML_CHANGED/);
    expect(stderr).toMatch(/rescrape: 1 item could not be recovered/);
    expect(await rescrapeItems(directory, 'failures', 'list')).toMatchObject([
      { state: 'queued', attempts: 2, retry: { tries: 0 } },
    ]);
  });

  it('leaves alone what another try would not heal, unless its code or the item itself is named', async () => {
    await failedRun(rule(0, status(404)), rule(1, status(401), 1));
    const { code, stdout } = await rescrape(directory, 'retry', '--all');
    expect(code).toBe(0);
    expect(stdout).toContain('1 item left alone: another try is not expected to heal NOT_FOUND');
    expect(requests(0, 1)).toEqual([1, 1]);
    await rescrape(directory, 'retry', '--all', '--code', 'not_found');
    expect(requests(0, 1)).toEqual([2, 1]);
    await rescrapeJson(directory, 'retry', '--partition', name(1));
    expect(requests(0, 1)).toEqual([2, 2]);
    expect(await rescrapeItems(directory, 'failures', 'list')).toMatchObject([
      { error_code: 'NOT_FOUND', state: 'open' },
    ]);
  });

  it('asks for nothing behind a wall while the target is flagged', async () => {
    await failedRun(rule(3, { kind: 'cloudflare-challenge' }, 1));
    const { code, stdout } = await rescrape(directory, 'retry', '--all', '--code', 'BLOCKED');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'racing/gb is flagged (security_block_one_attempt); lift the flag: rescrape skip',
    );
    expect(requests(3)).toEqual([1]);
    await rescrape(directory, 'skip', 'remove', 'racing', 'gb');
    await rescrapeJson(directory, 'retry', '--all', '--code', 'BLOCKED');
    expect(await rescrapeItems(directory, 'failures', 'list')).toEqual([]);
  });

  it('fails with one line for a run that nobody knows, and asks for nothing', async () => {
    await failedRun(changed(0, 1));
    const unknown = '01890000-0000-7000-8000-000000000000';
    const { code, stdout, stderr } = await rescrape(directory, 'retry', '--run', unknown);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trim()).toBe(
      `rescrape: no run ${unknown} is on record; see what failed, and in which run: rescrape failures list --local ${directory}`,
    );
    expect(requests(0)).toEqual([1]);
  });

  it('has nothing to do for a run that left nothing behind', async () => {
    await failedRun();
    expect(await rescrape(directory, 'retry', '--run', run)).toMatchObject({
      code: 0,
      stdout: 'no failures that match and that another try may heal\n',
    });
  });

  it('does nothing but say what it would do with --dry-run', async () => {
    await failedRun(changed(0, 1));
    const { code, stdout } = await rescrape(directory, 'retry', '--all', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(name(0));
    expect(stdout).toContain('1 item would be tried');
    expect(requests(0)).toEqual([1]);
  });

  it.each([
    [['retry'], /nothing says which failures are meant; give one of --all, --partition .*, --run ID$/],
    [['retry', '--all', '--run', 'x'], /give one of --all, /],
    [['retry', '--all', '--code', 'SAD'], /there is no error code "SAD"; there is: SUCCESS, /],
    [['retry', '--partition', 'racing/gb'], /is no partition/],
  ])('%j ends with 2 and one line', async (words, line) => {
    site = await startSmallSite();
    const { code, stderr } = await rescrape(directory, ...words);
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('does not take the emptiness of a mistyped directory for good news', async () => {
    site = await startSmallSite();
    const { code, stderr } = await rescrape(join(directory, 'typo'), 'retry', '--all');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^note: there was nothing at .*typo; no run has ever used it$/m);
  });

  it('says that nothing matches, and ends with 0', async () => {
    await failedRun();
    expect(await rescrape(directory, 'retry', '--all')).toMatchObject({
      code: 0,
      stdout: 'no failures that match and that another try may heal\n',
    });
  });
});

describe('rescrape worker --once', () => {
  it('says when the next of what waits is due, in text and in JSON', async () => {
    await failedRunCoolingDown('30', changed(0, 1), changed(1, 1));
    const [first] = (await rescrapeItems(directory, 'failures', 'list')) as { retry: { due_at: string } }[];
    const { stdout, stderr } = await rescrape(directory, 'worker', '--once', '--json', '--only', 'retries');
    const { next_due_at, ...counts } = JSON.parse(stdout);
    expect(counts).toEqual({ work: 'retries', due: 0, waiting: 2, under_way: 0 });
    expect(Math.abs(Date.parse(next_due_at) - Date.parse(first!.retry.due_at))).toBeLessThan(1000);
    expect(stderr).toContain(
      `at the end: 0 due, 2 waiting (the next is due at ${isoTime(Date.parse(next_due_at))}), 0 under way`,
    );
    expect(requests(0, 1)).toEqual([1, 1]);
  });

  it('works what is due to its end, dead letters included, and ends', async () => {
    await failedRun(changed(0, 1), changed(1));
    const { code, stdout } = await rescrape(directory, 'worker', '--once', '--json');
    expect(code).toBe(0);
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers).toMatchObject([
      { failure: name(0), kind: 'recovered' },
      ...['failed-again', 'failed-again', 'dead'].map((kind) => ({ failure: name(1), kind })),
      { work: 'retries', due: 0, waiting: 0, under_way: 0, next_due_at: null },
      { work: 'enrichment', waiting: 0, next_due_at: null },
    ]);
    expect(await rescrapeItems(directory, 'failures', 'list')).toMatchObject([{ state: 'dead' }]);
    expect((await rescrape(directory, 'worker', '--once')).stderr).toContain('1 dead letter');
  });
});
