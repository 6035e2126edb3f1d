import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { PublishResult } from '../../../core/lake/publish-result.ts';
import { type FaultPlan, NO_FAULTS } from '../../../demo/faults.ts';
import { broken, GB, GbPartition, SETTLES } from '../../e2e/support/gb-partition.ts';
import { logRows, type ReadRow } from '../../e2e/support/lake-reading.ts';
import { DAY } from '../../e2e/support/small-site.ts';
import { TODAY } from '../../e2e/support/test-time.ts';

let gb: GbPartition;
afterEach(() => gb.close());

/** Great Britain, published once. */
async function published(faults: FaultPlan = NO_FAULTS, today = TODAY): Promise<PublishResult> {
  gb = await GbPartition.start({ faults, today });
  return gb.run();
}
const EMPTY_DAY: FaultPlan = { ...NO_FAULTS, emptyDays: [{ country: 'gb', date: DAY }] };
const oneLine = expect.stringMatching(/^[^\n]+$/);

describe('the first publish of a partition', () => {
  it('commits a manifest that names one file by its absolute path, and nothing else', async () => {
    const result = await published();
    expect(result).toMatchObject({
      status: 'committed',
      previous: null,
      rows: gb.amount.rows,
      rowsBefore: null,
      reason: null,
    });
    expect(readFileSync(gb.manifestFile(), 'utf8')).toBe(
      `${gb.lakeFile('data', 'racing_results', GB, `${result.version}-0.parquet`)}\n`,
    );
    expect(await gb.rows()).toHaveLength(gb.amount.rows);
    const stored = await gb.session.platform.lake.get(`tables/racing_results/${GB}/manifest`);
    expect(stored!.metadata).toMatchObject({
      version: result.version,
      rows: '12',
      'items-expected': '4',
      hash: result.contentHash,
    });
  });

  it('writes the data and its descriptor, and the manifest behind them', async () => {
    await published();
    const order = gb.session.writes
      .filter((key) => /^(data|tables|exports)\//.test(key))
      .map((key) => key.replace(/[^/]*\.(parquet|json|csv)$/, '*.$1'));
    expect(order).toEqual([
      `data/racing_results/${GB}/*.parquet`,
      `data/racing_results/${GB}/*.json`,
      // Once for the table: which schemas it was written with.
      'data/_schemas/*.json',
      `tables/racing_results/${GB}/manifest`,
      'exports/csv/racing_results/gb/*.csv',
    ]);
  });

  it('stamps every row with its run, its page, its capture and one time of commit', async () => {
    await published();
    const [run] = await logRows(gb.session.directory, 'runs');
    const all = await gb.rows();
    expect(new Set(all.map((row) => row._run_id))).toEqual(new Set([run!.run_id]));
    expect(new Set(all.map((row) => row._committed_at)).size).toBe(1);
    for (const row of all) {
      expect(row._source_url).toContain(String(row.race_id));
      expect(row._capture).toMatch(/\.warc\.gz#\d+$/);
    }
  });

  it('believes a day that its index says is empty, with one file without rows', async () => {
    const result = await published(EMPTY_DAY);
    expect(result).toMatchObject({ status: 'committed', rows: 0, stats: { expected: 0, indexRead: true } });
    expect(gb.dataFiles().filter((file) => file.endsWith('.parquet'))).toEqual([gb.currentFile()]);
    expect(await gb.rows()).toEqual([]);
  });

  it('commits nothing where no item gave records', async () => {
    const result = await published({ ...NO_FAULTS, rules: broken(0, 1, 2, 3) });
    expect(result).toMatchObject({ status: 'failed', version: null, reason: oneLine });
    expect(existsSync(gb.manifestFile())).toBe(false);
  });
});

describe('a rerun over a site that did not change', () => {
  it('costs conditional requests and writes nothing that readers see', async () => {
    const first = await published();
    const before = gb.visible();
    gb.session.writes.length = 0;
    const asked = gb.session.site.requests.length;
    const again = await gb.run();
    expect(again).toMatchObject({
      status: 'unchanged',
      version: first.version,
      stats: { unchanged: gb.amount.races, found: gb.amount.races },
    });
    expect(gb.session.site.requests.slice(asked).map(({ status }) => status)).toEqual([
      304, 304, 304, 304, 304,
    ]);
    expect(gb.session.writes.filter((key) => /^(data|tables|exports|captures)\//.test(key))).toEqual([]);
    expect(gb.visible()).toEqual(before);
  });

  it('asks for every page in full where it is forced to, and still writes nothing', async () => {
    const first = await published();
    const before = gb.visible();
    const asked = gb.session.site.requests.length;
    expect(await gb.run({ force: true })).toMatchObject({ status: 'unchanged', version: first.version });
    expect(gb.session.site.requests.slice(asked).map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 200,
    ]);
    expect(gb.visible()).toEqual(before);
  });

  it('is on record: as a commit that changed nothing, and as a partition that is fresh', async () => {
    await published();
    await gb.run();
    const commits = await logRows(gb.session.directory, 'commits');
    expect(commits.map(({ status, changed }) => [status, changed])).toEqual([
      ['committed', true],
      ['unchanged', false],
    ]);
  });
});

describe('a publish over an earlier version', () => {
  it('makes a new version of it and leaves the files of the earlier one', async () => {
    const first = await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    const before = gb.dataFiles();
    gb.session.site.setToday(TODAY);
    const second = await gb.run();
    expect(second).toMatchObject({
      status: 'committed',
      previous: first.version,
      rows: gb.amount.rows,
      rowsBefore: gb.amount.rows,
    });
    expect(second.contentHash).not.toBe(first.contentHash);
    expect(gb.dataFiles()).toEqual(expect.arrayContaining(before));
    expect(gb.dataFiles()).toHaveLength(before.length + 2);
  });

  it('carries over the rows of items that failed, and counts them', async () => {
    await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    const before = await gb.rows();
    const raceId = gb.session.site.truth('gb', DAY)[0]!.raceId;
    gb.session.site.setToday(TODAY);
    gb.session.site.setFaults({ ...NO_FAULTS, settlesLate: SETTLES, rules: broken(0) });
    const second = await gb.run();
    expect(second).toMatchObject({
      status: 'committed',
      rows: gb.amount.rows,
      stats: { found: gb.amount.races - 1, carried: 1, failed: 1 },
    });
    const own = (all: readonly ReadRow[]) =>
      all.filter((row) => row.race_id === raceId).map(({ _committed_at, ...row }) => row);
    expect(own(await gb.rows())).toEqual(own(before));
  });

  it('takes carried rows for fresh again when the page comes back unchanged', async () => {
    await published();
    gb.session.site.setFaults({ ...NO_FAULTS, rules: broken(0) });
    expect(await gb.run()).toMatchObject({
      status: 'unchanged',
      stats: { found: gb.amount.races - 1, carried: 1 },
    });
    gb.session.site.setFaults(NO_FAULTS);
    expect(await gb.run()).toMatchObject({
      status: 'unchanged',
      stats: { found: gb.amount.races, carried: 0, failed: 0 },
    });
  });

  it('leaves everything as it is where the index could not be read', async () => {
    await published();
    const before = gb.visible();
    gb.session.site.setFaults({
      ...NO_FAULTS,
      rules: [{ where: { path: `/results/${DAY}` }, fault: { kind: 'status', status: 500 } }],
    });
    expect(await gb.run()).toMatchObject({ status: 'failed', rows: gb.amount.rows, reason: oneLine });
    expect(gb.visible()).toEqual(before);
  });
});
