import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addDays } from '../../core/calendar/civil-date.ts';
import { civilDateAt } from '../../core/calendar/window.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import type { DemoSite } from '../../demo/site.ts';
import { racing } from '../../sources/racing/source.ts';
import { type CommandEnd, complaintOf, startCommand } from './support/command-line.ts';
import { GB } from './support/gb-partition.ts';
import { currentRows, filesUnder, logRows } from './support/lake-reading.ts';
import { faults, rule, status } from './support/race-faults.ts';
import { amountOf, DAY, ONE_DAY, RUN, settingsFor, startSmallSite } from './support/small-site.ts';
import { TODAY } from './support/test-time.ts';

const root = mkdtempSync(join(tmpdir(), 'rescrape-run-'));
let site: DemoSite;
let cwd: string;
let runs = 0;
let unreachable: ReturnType<typeof visitNobody>;

beforeAll(async () => {
  site = await startSmallSite();
  unreachable = visitNobody();
});
beforeEach(() => {
  cwd = join(root, `cwd-${++runs}`);
  mkdirSync(cwd);
});
afterEach(() => site.setFaults(NO_FAULTS));
afterAll(async () => {
  await site.close();
  rmSync(root, { recursive: true, force: true });
});

/**
 * A run, one to a site that is not there, one more. It waits 14 s for nobody: the other tests go on
 * meanwhile.
 */
async function visitNobody() {
  const cwd = join(root, 'nobody');
  mkdirSync(cwd);
  const own = await startSmallSite();
  const run = (url: string) => startCommand(RUN, settingsFor({ url }), cwd).ended;
  await run(own.url);
  const before = visible(cwd);
  // Port 1 of this machine: nobody listens, so the connection is refused at once.
  const end = await run('http://127.0.0.1:1');
  const after = visible(cwd);
  const again = await run(own.url);
  await own.close();
  return { before, end, after, again, attempts: await logRows(join(cwd, '.rescrape'), 'attempts') };
}

const start = (args: readonly string[], env: Readonly<Record<string, string>> = settingsFor(site)) =>
  startCommand(args, env, cwd);
const rescrape = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CommandEnd> =>
  start(args, env).ended;
const lake = (...path: string[]) => join(cwd, '.rescrape', 'lake', ...path);
const manifestFile = () => lake('tables', 'racing_results', GB, 'manifest');
const visible = (directory = cwd) => {
  const rooms = ['data', 'tables'].map((room) => join(directory, '.rescrape', 'lake', room));
  const files = rooms.flatMap((room) => [...filesUnder(room)]).sort();
  return files.map((file) => [file, readFileSync(file, 'latin1')]);
};

describe('rescrape run', () => {
  it('scrapes, publishes, and ends with a line for each partition and where everything is', async () => {
    const { races, rows } = amountOf(site);
    const end = await rescrape(RUN);
    expect(end).toMatchObject({ code: 0 });
    expect(end.stdout).toMatch(new RegExp(`racing/gb/${DAY} .* ${races} .* ${rows} .* committed`));
    const report = /^report: +(.*)$/m.exec(end.stdout)![1]!;
    expect(existsSync(join(cwd, report))).toBe(true);
    expect((await currentRows(join(cwd, '.rescrape'))).get(GB)).toHaveLength(rows);
    expect(end.stderr).toContain(`racing/gb/${DAY} committed`);
    expect(end.stderr).not.toContain('Warning');
  });

  it('leaves no empty directory of its work, which every listing of it would walk for ever', async () => {
    await rescrape(RUN);
    const work = readdirSync(lake('work'), { recursive: true, withFileTypes: true });
    const directories = work.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(work.filter((entry) => entry.isFile()).map(({ name }) => name)).toContain('plan.jsonl');
    expect(directories).toHaveLength(1);
  });

  it('finds nothing to do the second time', async () => {
    await rescrape(RUN);
    const before = visible();
    const end = await rescrape(RUN);
    expect(end).toMatchObject({ code: 0 });
    expect(end.stdout).toContain('unchanged');
    expect(visible()).toEqual(before);
  });

  it('keeps the lake where --local says, and says all in JSON with --json, progress aside', async () => {
    const end = await rescrape([...RUN, '--local', 'elsewhere', '--json']);
    expect(end).toMatchObject({ code: 0 });
    const [said] = JSON.parse(end.stdout).items;
    expect(civilDateAt(Date.parse(said.run.started_at), racing.timeZone)).toBe(TODAY);
    expect(said).toMatchObject({
      kind: 'finished',
      run: { status: 'succeeded', items_found: amountOf(site).races, window_start: DAY },
      partitions: [{ partition: `racing/gb/${DAY}`, value: 'gb', date: DAY, status: 'committed' }],
    });
    expect(existsSync(join(cwd, 'elsewhere', 'lake', 'tables'))).toBe(true);
    expect(existsSync(join(cwd, '.rescrape'))).toBe(false);
  });

  it('prints its plan with --dry-run, asks the site for nothing and writes no run', async () => {
    const asked = site.requests.length;
    const end = await rescrape(['run', 'racing', ...ONE_DAY, '--dry-run']);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    for (const target of ['gb', 'ire', 'fr']) expect(end.stdout).toContain(`racing/${target}/${DAY}\n`);
    const json = await rescrape(['run', 'racing', '--dry-run', '--json']);
    const [plan] = JSON.parse(json.stdout).items;
    expect(plan).toMatchObject({
      source: 'racing',
      start: addDays(TODAY, -6),
      end: TODAY,
      skipped: [],
    });
    expect(plan.partitions).toHaveLength(21);
    expect(site.requests).toHaveLength(asked);
    expect([...filesUnder(lake())]).toEqual([]);
  });

  it('ends with 3 where single items failed, and tells of them', async () => {
    site.setFaults({
      ...NO_FAULTS,
      rules: [
        { where: { country: 'gb', date: DAY, race: 0 }, fault: { kind: 'status', status: 404 } },
        { where: { country: 'gb', date: DAY, race: 1 }, fault: { kind: 'changed-page' } },
      ],
    });
    const end = await rescrape(RUN);
    expect(end).toMatchObject({ code: 3 });
    expect(complaintOf(end)).toMatch(
      /^rescrape: racing is incomplete; see what is not whole: rescrape completeness racing$/,
    );
    expect(end.stdout).toContain('incomplete');
    expect(end.stderr).toContain('NOT_FOUND');
    const [missing, changed] = site.truth('gb', DAY).map(({ raceId }) => `racing/gb/${DAY}/${raceId}`);
    expect(end.stdout).toContain('2 items failed (');
    expect(end.stdout).toMatch(
      new RegExp(`^  ${missing} +NOT_FOUND \\(HTTP 404.*\\) +waits for you: the site has no such page`, 'm'),
    );
    expect(end.stdout).toMatch(
      new RegExp(
        `^  ${changed} +HTML_CHANGED \\(.*\\) +tried again by itself from \\S+Z, 3 tries left$`,
        'm',
      ),
    );
    expect(end.stdout).toMatch(
      /^next: have the queued ones tried when they are due: rescrape worker\nnext: try now .*: rescrape retry --run \S+\n(?:next: .*\n)*next: see all: rescrape failures list --source racing$/m,
    );
  });

  it('says nothing of failed items where none failed', async () => {
    const { stdout } = await rescrape(RUN);
    expect(stdout).not.toMatch(/items? failed \(|^next:/m);
  });
});

describe('a wrong command', () => {
  const wrong: readonly (readonly [string, readonly string[], RegExp, Readonly<Record<string, string>>?])[] =
    [
      ['an unknown source', ['run', 'horses'], /no source "horses"; there is: racing\b/],
      ['an unknown target', ['run', 'racing', '--target', 'mars'], /no target "mars"; it has: gb, ire, fr$/],
      [
        'an end before the start',
        ['run', 'racing', '--start', DAY, '--end', addDays(DAY, -1)],
        /lies before the start .*: swap them$/,
      ],
      [
        'a date that does not exist',
        ['run', 'racing', '--start', '2025-02-30', '--end', DAY],
        /"2025-02-30" is no date of the calendar/,
      ],
      [
        'a date that is none',
        ['run', 'racing', '--end', 'yesterday'],
        /"yesterday" is no date of the calendar: write YYYY-MM-DD$/,
      ],
      ['an end in the future', ['run', 'racing', '--end', addDays(TODAY, 9)], /lies in the future: give /],
      [
        'a window of a century',
        ['run', 'racing', '--start', '1926-01-01', '--end', DAY],
        /are too many for one run/,
      ],
      ['an unknown option', ['run', 'racing', '--quickly'], /unknown option '--quickly'/],
      ['an unknown command', ['jump'], /unknown command 'jump'/],
      ['an option without its value', ['run', '--start'], /argument missing/],
      [
        'an address that is none',
        ['run', 'racing'],
        /RESCRAPE_RACING_URL is "nowhere": give an http/,
        { RESCRAPE_RACING_URL: 'nowhere' },
      ],
      [
        'a pace that is none',
        ['run', 'racing'],
        /RESCRAPE_RACING_CONCURRENCY is "many": give a whole number/,
        { RESCRAPE_RACING_CONCURRENCY: 'many' },
      ],
      [
        'a clock that is set to no time',
        ['run', 'racing'],
        /RESCRAPE_NOW is "tomorrow": give an instant such as/,
        { RESCRAPE_NOW: 'tomorrow' },
      ],
    ];

  it('gets one line that says what is wrong, exit code 2, and asks the site for nothing', async () => {
    const asked = site.requests.length;
    const problems: unknown[] = [];
    const left = [...wrong];
    const typeOne = async (): Promise<void> => {
      const next = left.pop();
      if (!next) return;
      const [name, args, message, env] = next;
      const end = await rescrape(args, { ...settingsFor(site), ...env });
      const complaint = complaintOf(end);
      const isGood =
        end.code === 2 && complaint !== undefined && message.test(complaint) && end.stdout === '';
      if (!isGood) problems.push({ name, ...end });
      return typeOne();
    };
    await Promise.all([typeOne(), typeOne(), typeOne()]);
    expect(problems).toEqual([]);
    expect(site.requests).toHaveLength(asked);
  });
});

describe('a run that cannot do its work', () => {
  it('says that a directory cannot be written', async () => {
    writeFileSync(join(cwd, 'file'), 'not a directory');
    const end = await rescrape([...RUN, '--local', 'file/lake']);
    expect(end).toMatchObject({ code: 1, stdout: '' });
    expect(complaintOf(end)).toContain('file/lake');
    expect(readFileSync(join(cwd, 'file'), 'utf8')).toBe('not a directory');
  });

  it('fails where every item of its one partition did, and does not say that data of it stays', async () => {
    const rules = site.truth('gb', DAY).map((_, race) => rule(race, status(404)));
    site.setFaults(faults(...rules));
    const end = await rescrape(RUN);
    expect(end).toMatchObject({ code: 1 });
    expect(complaintOf(end)).toMatch(
      new RegExp(`racing/gb/${DAY} could not be refreshed: .*; there is no data of it from before$`),
    );
    expect(existsSync(manifestFile())).toBe(false);
  });

  it('says that a manifest is damaged and what to do, refreshes the other partitions, and touches nothing of it', async () => {
    await rescrape(['run', 'racing', ...ONE_DAY, '--target', 'gb', 'ire']);
    writeFileSync(manifestFile(), 'garbage');
    const before = visible();
    const end = await rescrape(['run', 'racing', ...ONE_DAY, '--target', 'gb', 'ire']);
    expect(end).toMatchObject({ code: 1 });
    expect(complaintOf(end)).toMatch(
      /racing\/gb\/.* could not be refreshed: .*manifest.*partitions rollback.*the data from before stays/,
    );
    expect(end.stdout).toMatch(new RegExp(`racing/ire/${DAY} .* unchanged`));
    expect(visible()).toEqual(before);
  });

  it('says that a Parquet file is damaged and what to do, and mends it when that is done', async () => {
    await rescrape(RUN);
    writeFileSync(readFileSync(manifestFile(), 'utf8').trimEnd(), 'garbage');
    site.setFaults({ ...NO_FAULTS, settlesLate: [{ country: 'gb', date: DAY, race: 0, days: 9 }] });
    const end = await rescrape(RUN);
    expect(end).toMatchObject({ code: 1 });
    expect(complaintOf(end)).toMatch(/\.parquet .*rescrape run --force/);
    expect(await rescrape([...RUN, '--force'])).toMatchObject({ code: 0 });
    expect((await currentRows(join(cwd, '.rescrape'))).get(GB)).toHaveLength(amountOf(site).rows);
  });

  it('says that the site cannot be reached, after the waits of its retries, and loses nothing', async () => {
    const { before, end, after, again, attempts } = await unreachable;
    expect(end).toMatchObject({ code: 1 });
    expect(complaintOf(end)).toMatch(
      /cannot reach http:\/\/127\.0\.0\.1:1 .*check that the site is up.*nothing was changed/,
    );
    expect(end.stderr.match(/waiting (\d+) s/g)).toEqual(['waiting 2 s', 'waiting 4 s', 'waiting 8 s']);
    expect(after).toEqual(before);
    expect(again).toMatchObject({ code: 0 });
    const unreached = attempts.filter((row) => String(row.url).startsWith('http://127.0.0.1:1/'));
    expect(unreached.map((row) => row.item_id)).toEqual(Array(4).fill('robots.txt'));
  });
});
