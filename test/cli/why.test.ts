import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDays } from '../../core/calendar/civil-date.ts';
import { FailureStore } from '../../core/failures/failure-store.ts';
import type { AttemptRow, CommitRow } from '../../core/lake/log-tables.ts';
import { plan } from '../../core/run/plan.ts';
import { scrape } from '../../core/scrape/scrape.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import { testClock } from '../e2e/support/test-time.ts';
import { rescrape, rescrapeJson } from './support/command-line.ts';
import { buildLake, nameOf, type TestLake } from './support/lake.ts';

let lake: TestLake;
beforeAll(async () => {
  lake = await buildLake();
});
afterAll(() => lake.remove());

const say = (...words: readonly string[]) => rescrape(lake.directory, ...words);
/** What the tests look at of the answer. */
interface Why {
  readonly name: string;
  readonly answer: string;
  readonly next: readonly { readonly text: string; readonly command?: string }[];
  readonly run: object;
  readonly attempts: readonly AttemptRow[];
  readonly commits: readonly CommitRow[];
  readonly current: object;
}
const why = async (subject: string) => (await rescrapeJson(lake.directory, 'why', subject)) as Why;

describe('why', () => {
  it('tells of a committed partition which run, which attempts, what is current', async () => {
    const { answer, run, attempts, commits, current, next } = await why(nameOf('gb', lake.newer));
    expect(answer).toMatch(new RegExp(`^run ${lake.runs.recovery} committed it`));
    expect(run).toMatchObject({ run_id: lake.runs.recovery, planned: 'yes', status: 'succeeded' });
    expect(new Set(attempts.map(({ run_id }) => run_id))).toEqual(new Set([lake.runs.recovery]));
    expect(commits.map(({ run_id }) => run_id)).toEqual([lake.runs.recovery, lake.runs.first]);
    expect(current).toMatchObject({ kind: 'version', committed_by: lake.runs.recovery });
    expect(next).toEqual([]);
  });

  it('tells of an unchanged partition which run changed it last', async () => {
    const { stdout } = await say('why', nameOf('gb', lake.older));
    expect(stdout).toContain('found nothing changed');
    expect(stdout).toMatch(new RegExp(`its rows last changed at \\S+ by run ${lake.runs.first}`));
  });

  it('tells of a held partition why, what stays, and both ways out', async () => {
    const { stdout } = await say('why', nameOf('ire', lake.older));
    expect(stdout).toContain('held its new version back: the index says that the day is empty (');
    expect(stdout).toContain(`rescrape partitions accept ${nameOf('ire', lake.older)}`);
    expect(stdout).toContain(`rescrape partitions reject ${nameOf('ire', lake.older)}`);
  });

  it('tells of a partition behind a flag how to get it', async () => {
    const { answer, next } = await why(nameOf('fr', lake.older));
    expect(answer).toContain('target fr is skipped since');
    expect(next.map(({ command }) => command)).toEqual([
      `rescrape skip remove racing fr --local ${lake.directory}`,
      `rescrape run racing --target fr --start ${lake.older} --end ${lake.older} --local ${lake.directory}`,
    ]);
  });

  it('tells of an item each attempt of every run, and what it came to', async () => {
    const { attempts, answer } = await why(`${nameOf('gb', lake.newer)}/${lake.races.notFound}`);
    expect(attempts.map(({ error_code, run_id }) => [error_code, run_id])).toEqual([
      ['NOT_FOUND', lake.runs.first],
      ['SUCCESS', lake.runs.recovery],
    ]);
    expect(answer).toMatch(
      new RegExp(
        `its \\d+ rows are current; it failed in run ${lake.runs.first} \\(NOT_FOUND\\) and was recovered at \\S+ by run ${lake.runs.recovery}`,
      ),
    );
  });

  it('tells of an item what is queued, with the command that need not wait', async () => {
    const name = `${nameOf('ire', lake.newer)}/${lake.races.changed}`;
    const { stdout } = await say('why', name);
    expect(stdout).toMatch(/^because .*HTML_CHANGED.*it is tried again by itself from \S+ \(try 1 of 3\)$/m);
    expect(stdout).toMatch(
      new RegExp(`^failed +HTML_CHANGED .*1 try in 1 run, first in run ${lake.runs.first}`, 'm'),
    );
    expect(stdout).toMatch(/^queued +due \S+Z, try 1 of 3$/m);
    expect(stdout).toMatch(
      new RegExp(
        `^next +wait until \\S+, or try it now: rescrape retry --partition ${name} --local ${lake.directory}$`,
        'm',
      ),
    );
    expect(stdout).toMatch(/^next .*mend the parser.*: rescrape reparse racing/m);
  });

  it('tells of a partition which of its items recovered, and by which run', async () => {
    const { stdout } = await say('why', nameOf('gb', lake.newer));
    expect(stdout).toMatch(
      new RegExp(
        `^recovered +${lake.races.notFound}: at \\S+ by run ${lake.runs.recovery}, after 1 try in 1 run; it had failed with NOT_FOUND$`,
        'm',
      ),
    );
  });

  it('tells of a partition which items wait for a person, and what for', async () => {
    const { stdout } = await say('why', nameOf('fr', lake.newer));
    expect(stdout).toMatch(/^because .*of its failed items, 1 waits for a person$/m);
    expect(stdout).toMatch(new RegExp(`^failed +${lake.races.walled}: BLOCKED .*; open, since \\S+`, 'm'));
  });

  it('finds an item by its address, a fragment left aside', async () => {
    const [attempt] = (await why(`${nameOf('ire', lake.newer)}/${lake.races.changed}`)).attempts;
    const { name, answer } = await why(`${attempt!.url}#top`);
    expect(name).toBe(`${nameOf('ire', lake.newer)}/${lake.races.changed}`);
    expect(answer).toContain('HTML_CHANGED');
  });

  it('shows the evidence: status, rule and the place of the capture', async () => {
    const { stdout } = await say('why', `${nameOf('fr', lake.newer)}/${lake.races.walled}`);
    expect(stdout).toMatch(
      /tried .*BLOCKED \(.*cloudflare\/cf-mitigated.*403\); captured in captures\/\S+#\d+/,
    );
  });

  it('prints what a site sent in one line, without what would act upon the terminal', async () => {
    const platform = openLocalPlatform({ directory: lake.directory, env: {}, clock: testClock });
    const runId = platform.newId();
    try {
      const message = 'one\ntwo\u001b[2Jthree\u202efour';
      const tries = [{ at: testClock.now(), runId, code: 'HTML_CHANGED', message }] as const;
      const url = 'https://example.org/hostile';
      const failed = { item: 'hostile', target: 'gb', url, tries, capture: null };
      const store = new FailureStore(platform.state);
      await store.open('racing', { value: 'gb', date: lake.older }, failed, runId);
    } finally {
      await platform.close();
    }
    for (const subject of [nameOf('gb', lake.older), `${nameOf('gb', lake.older)}/hostile`]) {
      const { stdout } = await say('why', subject);
      expect(stdout).toContain('HTML_CHANGED (one two [2Jthree four), 1 try in 1 run');
      expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u);
    }
  });

  it('knows an item that the index does not list', async () => {
    expect((await why(`${nameOf('gb', lake.newer)}/999`)).answer).toContain(
      'the index of the day does not list it',
    );
  });

  it('tells of a partition whose run is still at it what was tried so far, before anything is on record', async () => {
    const today = addDays(lake.newer, 1);
    lake.site.setFaults(NO_FAULTS);
    const platform = openLocalPlatform({
      directory: lake.directory,
      clock: testClock,
      env: { RESCRAPE_RACING_URL: lake.site.url, RESCRAPE_RACING_MIN_DELAY_MS: '0' },
    });
    try {
      const runId = platform.newId();
      await plan(platform, {
        runId,
        source: 'racing',
        start: today,
        end: today,
        targets: ['gb'],
        force: false,
      });
      // Told to stop at once: the index is fetched, and the scrape asks to be called again.
      const work = { runId, source: 'racing', value: 'gb', date: today, force: false };
      expect(await scrape(platform, work, () => true)).toEqual({ done: false });

      const { answer, attempts, current } = await why(nameOf('gb', today));
      expect(answer).toContain(`run ${runId} has not ended`);
      expect(attempts.map(({ item_id }) => item_id)).toContain('index');
      expect(current).toEqual({ kind: 'none' });
    } finally {
      await platform.close();
    }
  });

  it('still answers where the manifest is damaged', async () => {
    const manifest = join(
      lake.directory,
      'lake/tables/racing_results/country=fr',
      `date=${lake.newer}`,
      'manifest',
    );
    await writeFile(manifest, 'not a manifest\n');
    const name = nameOf('fr', lake.newer);
    const { answer, next } = await why(name);
    expect(answer).toMatch(/^its current version cannot be read: [^:]*manifest is no manifest of [^:]*$/);
    const [{ command } = {}] = next;
    expect(command).toContain(`rescrape partitions rollback ${name} --to `);
    const { stdout } = await say('completeness', 'racing', '--start', lake.newer, '--end', lake.newer);
    expect(stdout).toContain(command);
    // Attempts are on record elsewhere and do not suffer.
    expect((await say('attempts', '--limit', '1')).code).toBe(0);
  });

  it.each([
    ['gb', 2, 'source/target/date'],
    ['racing/gb/2025-11-17/', 2, 'is no item'],
    ['racing/gb/2025-02-30/1', 2, 'source/target/date'],
    ['https://example.org/nothing', 1, 'no attempt on record asked for https://example.org/nothing'],
  ])('%s ends with code %i and one line', async (subject, expected, hint) => {
    const { code, stderr } = await say('why', subject);
    expect(code).toBe(expected);
    expect(stderr).toContain(hint);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

describe('the command line as it is started', () => {
  const bin = fileURLToPath(new URL('../../bin/rescrape.js', import.meta.url));
  const start = (...words: string[]) => spawnSync(process.execPath, [bin, ...words], { encoding: 'utf8' });

  it('says that nothing is on record over a directory that has nothing, and ends well', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rescrape-none-'));
    try {
      for (const words of [['attempts'], ['failures', 'list'], ['partitions', 'list'], ['skip', 'list']]) {
        const { code, stdout } = await rescrape(directory, ...words);
        expect(code, words.join(' ')).toBe(0);
        expect(stdout, words.join(' ')).toMatch(/^no /);
      }
      const { status, stdout } = start(
        '--local',
        directory,
        'query',
        'SELECT count(*) AS n FROM racing_results',
        '--json',
      );
      expect(JSON.parse(stdout)).toEqual([{ n: 0 }]);
      expect(status).toBe(0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('ends with code 2 for a subcommand that there is not', () => {
    expect(start('partitions', 'nonsense').status).toBe(2);
  });

  it.each([
    'query',
    'views',
    'attempts',
    'blocks',
    'completeness',
    'why',
    'failures list',
    'failures show',
    'partitions list',
    'partitions rollback',
    'skip add',
  ])('%s explains itself with an example', async (words) => {
    const { code, stdout } = await rescrape('unused', ...words.split(' '), '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n +\$ rescrape /);
    expect(stdout).toContain('--json');
  });
});
