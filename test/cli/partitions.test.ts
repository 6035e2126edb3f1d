import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rescrape, rescrapeItems } from './support/command-line.ts';
import { buildLake, nameOf, type TestLake } from './support/lake.ts';

let lake: TestLake;
beforeAll(async () => {
  lake = await buildLake();
});
afterAll(() => lake.remove());

const say = (...words: readonly string[]) => rescrape(lake.directory, ...words);
const items = (...words: readonly string[]) => rescrapeItems(lake.directory, ...words);

interface HistoryRow {
  readonly version: string;
  readonly state: string;
  readonly rows: number;
  readonly run_id: string;
  readonly made_current_by: string | null;
}

const history = async (target: string, date: TestLake['newer']) =>
  (await items('partitions', 'history', nameOf(target, date))) as HistoryRow[];
const rowsOf = async (target: string, date: string) => {
  const sql = `SELECT count(*)::INTEGER AS n FROM racing_results WHERE country = '${target}' AND date = '${date}'`;
  return ((await items('query', sql)) as [{ n: number }])[0].n;
};

describe('looking at partitions', () => {
  it('lists how the last refresh of each ended', async () => {
    const listed = (await items('partitions', 'list')) as { value: string; date: string; status: string }[];
    expect(listed.map(({ value, date, status }) => `${value} ${date} ${status}`)).toEqual([
      `gb ${lake.older} unchanged`,
      `gb ${lake.newer} committed`,
      `ire ${lake.older} held`,
      `ire ${lake.newer} committed`,
      `fr ${lake.newer} committed`,
    ]);
  });

  it('narrows the list by source, target and dates, and says where nothing is left', async () => {
    expect(await items('partitions', 'list', 'racing', '--target', 'gb', '--start', lake.newer)).toHaveLength(
      1,
    );
    expect((await say('partitions', 'list', '--end', '2020-01-01')).stdout).toBe(
      'no partitions on record that match\n',
    );
  });

  it('shows the current version with its items and their captures', async () => {
    const { stdout } = await say('partitions', 'show', nameOf('ire', lake.newer));
    expect(stdout).toMatch(/items +1 of 2 found, 1 failed/);
    expect(stdout).toMatch(new RegExp(`${lake.races.changed} +│ failed`));
    expect(stdout).toContain('.warc.gz#');
  });

  it('keeps both versions in the history, with run, rows and which is current', async () => {
    expect(await history('gb', lake.newer)).toMatchObject([
      { state: 'current', run_id: lake.runs.recovery },
      { state: 'earlier', run_id: lake.runs.first },
    ]);
  });

  it.each([
    [['partitions', 'show', 'gb/2025-11-17'], 2, 'source/target/date'],
    [['partitions', 'show', 'racing/gb/2025-02-30'], 2, 'source/target/date'],
    [['partitions', 'show', 'racing/mars/2025-11-17'], 2, 'it has: gb, ire, fr'],
    [['partitions', 'show', 'racing/../2025-11-17'], 2, 'source/target/date'],
    [['partitions', 'show', 'racing/gb/2020-01-01'], 1, 'was never scraped'],
    [['partitions', 'rollback', 'racing/gb/2020-01-01'], 1, 'nothing to roll back'],
    [['partitions', 'accept', 'racing/gb/2020-01-01'], 1, 'holds no version back'],
  ])('%j ends with code %i and one line', async (words, expected, hint) => {
    const { code, stdout, stderr } = await say(...words);
    expect(code).toBe(expected);
    expect(stderr).toContain(hint);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(stdout).toBe('');
  });
});

describe('deciding about partitions', () => {
  it('a dry run of a rollback names the version and changes nothing', async () => {
    const [current, earlier] = await history('gb', lake.newer);
    const { stdout } = await say('partitions', 'rollback', nameOf('gb', lake.newer), '--dry-run');
    expect(stdout).toContain(`would make ${earlier!.version} current`);
    expect((await history('gb', lake.newer))[0]).toEqual(current);
  });

  it('a rollback brings the earlier rows back, and can be taken back by naming the version', async () => {
    const [newest, earlier] = await history('gb', lake.newer);
    expect(await rowsOf('gb', lake.newer)).toBe(newest!.rows);

    expect((await say('partitions', 'rollback', nameOf('gb', lake.newer))).code).toBe(0);
    expect(await rowsOf('gb', lake.newer)).toBe(earlier!.rows);
    const after = await history('gb', lake.newer);
    expect(after.map(({ state }) => state)).toEqual(['earlier', 'current']);
    expect(after[1]!.made_current_by).toMatch(/^partitions rollback by \S+$/);

    expect(
      (await say('partitions', 'rollback', nameOf('gb', lake.newer), '--to', newest!.version)).code,
    ).toBe(0);
    expect(await rowsOf('gb', lake.newer)).toBe(newest!.rows);
  });

  it('a rollback to a version that there is not fails with one line', async () => {
    const { code, stderr } = await say('partitions', 'rollback', nameOf('gb', lake.newer), '--to', 'no-such');
    expect(code).toBe(1);
    expect(stderr).toContain('partitions history');
  });

  it('a refusal names the directory in which its command is to be given', async () => {
    const name = 'racing/gb/2020-01-01';
    const show = `rescrape partitions show ${name} --local ${lake.directory}`;
    const told = await say('partitions', 'accept', name);
    expect(told.stderr).toBe(`rescrape: ${name} holds no version back; see how it stands: ${show}\n`);
    expect(JSON.parse((await say('partitions', 'accept', name, '--json')).stderr)).toMatchObject({
      error: { message: `${name} holds no version back`, hint: `see how it stands: ${show}` },
    });
  });

  it('a held version is shown, and accepting it makes it current', async () => {
    expect((await history('ire', lake.older)).map(({ state }) => state)).toEqual(['held', 'current']);
    expect(await rowsOf('ire', lake.older)).toBeGreaterThan(0);
    expect((await say('partitions', 'accept', nameOf('ire', lake.older))).code).toBe(0);
    expect(await rowsOf('ire', lake.older)).toBe(0);
    expect((await history('ire', lake.older)).map(({ state }) => state)).toEqual(['current', 'earlier']);
    expect((await say('partitions', 'reject', nameOf('ire', lake.older))).code).toBe(1);
  });
});

describe('skip', () => {
  it('lists the flag that the wall raised', async () => {
    expect(await items('skip', 'list')).toMatchObject([
      { target: 'fr', skip: { reason: 'security_block_one_attempt' } },
    ]);
  });

  it('lifts it, resets the counters, and says so; a second time there is nothing to lift', async () => {
    const { stdout } = await say('skip', 'remove', 'racing', 'fr');
    expect(stdout).toContain('its counters of walls (1) and of 404s (0) are back at zero');
    expect((await say('skip', 'list')).stdout).toBe('no target is skipped\n');
    expect(await say('skip', 'remove', 'racing', 'fr')).toMatchObject({
      code: 1,
      stderr: 'rescrape: racing/fr is not skipped: there is nothing to lift\n',
    });
  });

  it('adds a flag with its reason and who gave it; a run then leaves the target out', async () => {
    expect((await say('skip', 'add', 'racing', 'gb', '--reason', 'down until Monday')).code).toBe(0);
    expect(await items('skip', 'list')).toMatchObject([
      { target: 'gb', skip: { reason: 'down until Monday', actor: expect.stringMatching(/./) } },
    ]);
    const [plan] = (await items('run', 'racing', '--dry-run')) as {
      partitions: { value: string }[];
      skipped: { target: string }[];
    }[];
    expect(plan!.skipped).toMatchObject([{ target: 'gb', reason: 'down until Monday' }]);
    expect(plan!.partitions.map(({ value }) => value)).not.toContain('gb');
  });

  it.each([
    [['skip', 'add', 'racing', 'mars', '--reason', 'x'], 'it has: gb, ire, fr'],
    [['skip', 'add', 'mars', 'gb', '--reason', 'x'], 'there is: racing'],
    [['skip', 'add', 'racing', 'gb'], '--reason'],
    [['skip', 'add', 'racing', 'gb', '--reason', ' '], 'say why'],
  ])('%j is wrong usage', async (words, hint) => {
    const { code, stderr } = await say(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });
});
