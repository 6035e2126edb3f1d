import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testClock } from '../e2e/support/test-time.ts';
import { rescrape, rescrapeItems } from './support/command-line.ts';
import { buildLake, nameOf, type TestLake } from './support/lake.ts';

let lake: TestLake;
beforeAll(async () => {
  lake = await buildLake();
});
afterAll(() => lake.remove());

const say = (...words: readonly string[]) => rescrape(lake.directory, ...words);
const items = (...words: readonly string[]) => rescrapeItems(lake.directory, ...words);

describe('query and views', () => {
  it('answers SQL with the rows that the site has', async () => {
    const sql = `SELECT count(*) AS runners FROM racing_results WHERE country = 'gb' AND date = '${lake.newer}'`;
    const runners = lake.site.truth('gb', lake.newer).reduce((sum, race) => sum + race.runners.length, 0);
    expect(await items('query', sql)).toEqual([{ runners }]);
  });

  it.each([
    ['a table behind it in the list', 'menu_products'],
    ['one of entities', 'tutors'],
    ['one of an extraction', '"Courses"'],
  ])('finds %s beside the first table of a statement', async (_, table) => {
    const joined = `SELECT count(*) AS rows, (SELECT count(*) FROM ${table}) AS others FROM racing_results`;
    const [counted] = (await items('query', 'SELECT count(*) AS rows FROM racing_results')) as object[];
    expect(await items('query', joined)).toEqual([{ ...counted, others: 0 }]);
  });

  it('names a table that is nowhere, and a mistake, once', async () => {
    for (const sql of ['SELECT 1 FROM racing_results, nowhere', 'SELECT nowhere FROM racing_results']) {
      const { code, stderr } = await say('query', sql);
      expect(code).toBe(1);
      expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^rescrape: .*nowhere/)]);
    }
  });

  it('prints CSV with a header, quotes where they are needed, and no formula that a spreadsheet would run', async () => {
    const { stdout, code } = await say(
      'query',
      `SELECT 1 AS n, 'a,"b"' AS t, '=1+1' AS f, NULL AS nothing`,
      '--csv',
    );
    expect(stdout).toBe('n,t,f,nothing\r\n1,"a,""b""",\'=1+1,\r\n');
    expect(code).toBe(0);
  });

  it('prints a table without control characters, whatever a cell holds', async () => {
    const { stdout } = await say('query', `SELECT 'a' || chr(27) || '[31m' || chr(10) || 'b' AS t`);
    expect(stdout).toContain('a [31m b');
    expect(stdout).not.toContain('\u001b');
  });

  it('says that there are no rows', async () => {
    expect(await say('query', 'SELECT 1 AS n WHERE false')).toMatchObject({ code: 0, stdout: 'no rows\n' });
  });

  it('fails with one line where the SQL is wrong', async () => {
    const { code, stderr } = await say('query', 'SELEC');
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^rescrape: .*syntax error/)]);
  });

  it('lists every view with what it is for, and each can be queried', async () => {
    const views = (await items('views')) as { name: string; kind: string; description: string }[];
    expect(views.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['racing_results', 'attempts', 'commits', 'runs']),
    );
    for (const { name, description } of views) {
      expect(description, name).not.toBe('');
      await items('query', `SELECT * FROM ${name} LIMIT 1`);
    }
  });

  it('refuses two formats at once as wrong usage', async () => {
    expect((await say('views', '--csv', '--json')).code).toBe(2);
  });
});

describe('attempts and blocks', () => {
  it('lists attempts newest first, at most as many as asked for', async () => {
    const attempts = (await items('attempts', '--limit', '7')) as { attempted_at: string }[];
    const times = attempts.map(({ attempted_at }) => attempted_at);
    expect(times).toHaveLength(7);
    expect(times).toEqual(times.toSorted().reverse());
  });

  it('narrows by source, target, code and item at once', async () => {
    const words = [
      '--source',
      'racing',
      '--target',
      'gb',
      '--code',
      'not_found',
      '--item',
      lake.races.notFound,
    ];
    expect(await items('attempts', ...words)).toMatchObject([
      { target: 'gb', item_id: lake.races.notFound, http_status_code: 404, run_id: lake.runs.first },
    ]);
  });

  it('narrows by time, a bare date meaning its first moment in UTC', async () => {
    const tomorrow = new Date(testClock.now() + 86_400_000).toISOString();
    expect(await items('attempts', '--since', tomorrow)).toEqual([]);
    expect(await items('attempts', '--since', lake.older, '--limit', '1')).toHaveLength(1);
  });

  it('takes an item for a value and never for SQL', async () => {
    expect(await say('attempts', '--item', "x' OR '1'='1")).toMatchObject({
      code: 0,
      stdout: 'no attempts on record that match\n',
    });
  });

  it.each([
    [['attempts', '--code', 'NOPE'], 'RATE_LIMITED'],
    [['attempts', '--since', '2025-02-30'], 'is no time'],
    [['attempts', '--target', 'mars'], 'racing/gb'],
    [['attempts', '--source', 'mars'], 'racing'],
    [['attempts', '--limit', '0'], 'a whole number from 1'],
    [['blocks', '--days', 'x'], 'a whole number from 1'],
  ])('%j is wrong usage, and the message tells what there is', async (words, hint) => {
    const { code, stderr } = await say(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });

  it('lists the wall that was met with the rule that recognised it', async () => {
    expect(await items('blocks')).toMatchObject([
      {
        target: 'fr',
        item_id: lake.races.walled,
        block_type: 'cloudflare',
        rule: expect.stringContaining('cloudflare/'),
      },
    ]);
    expect((await say('blocks', '--target', 'gb')).stdout).toBe('no walls in the last 7 days\n');
  });
});

describe('completeness', () => {
  const window = () => ['--start', lake.older, '--end', lake.newer];

  it('gives each date its status, and a verdict that names what is wrong', async () => {
    const [report] = await items('completeness', 'racing', ...window());
    expect(report).toMatchObject({
      verdict: 'incomplete',
      partitions: { missing: 1, held: 1, incomplete: 2 },
    });
  });

  it('prints the figures, the dates under their headings, and the verdict last', async () => {
    const { stdout, code } = await say('completeness', 'racing', ...window());
    expect(code).toBe(0);
    for (const figure of ['Mean', 'Median', 'Std Dev', 'Min', 'Max']) expect(stdout).toContain(figure);
    expect(stdout).toMatch(new RegExp(`MISSING:\n +${nameOf('fr', lake.older)}: .*skipped`));
    expect(stdout).toMatch(
      new RegExp(`HELD .*:\n +${nameOf('ire', lake.older)}: the index says that the day is empty`),
    );
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^racing: INCOMPLETE, 1 missing, 1 held, 2 incomplete of 6 partitions/,
    );
  });

  it('prints a line for each date of each target as CSV', async () => {
    const { stdout } = await say('completeness', 'racing', '--target', 'gb', ...window(), '--csv');
    const lines = stdout.trimEnd().split('\r\n');
    expect(lines[0]).toMatch(/^source,target,date,status,/);
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 3).join('/'))).toEqual([
      nameOf('gb', lake.older),
      nameOf('gb', lake.newer),
    ]);
  });

  it('asks for the window of the source where no dates are given', async () => {
    const [report] = (await items('completeness', 'racing')) as { targets: { dates: unknown[] }[] }[];
    const { targets } = report!;
    expect(targets.map(({ dates }) => dates.length)).toEqual([7, 7, 7]);
  });

  it('reads every file with --lake, and fails where one is not what was committed', async () => {
    const whole = ['completeness', 'racing', '--target', 'gb', ...window(), '--lake'];
    expect(await items(...whole)).toMatchObject([{ lake: { partitions: 2, findings: [] } }]);
    const manifest = join(
      lake.directory,
      'lake/tables/racing_results/country=gb',
      `date=${lake.older}`,
      'manifest',
    );
    const [file] = (await readFile(manifest, 'utf8')).split('\n');
    await appendFile(file!, 'x');
    const { code, stdout, stderr } = await say(...whole);
    expect(code).toBe(1);
    expect(stdout).toContain(`DAMAGED ${nameOf('gb', lake.older)}`);
    expect(stderr).toContain(`1 finding, the first at ${nameOf('gb', lake.older)}`);
  });

  it('refuses an end before its start', async () => {
    expect((await say('completeness', 'racing', '--start', lake.newer, '--end', lake.older)).code).toBe(2);
  });
});
