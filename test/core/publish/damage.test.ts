import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { completeness } from '../../../core/completeness/completeness.ts';
import { checkLake } from '../../../core/completeness/lake-check.ts';
import { why } from '../../../core/explain/why.ts';
import { manifestKey } from '../../../core/lake/layout.ts';
import { readCurrent } from '../../../core/lake/manifest.ts';
import type { PublishResult } from '../../../core/lake/publish-result.ts';
import { currentDamage } from '../../../core/lake/whole-version.ts';
import { accept, rollback } from '../../../core/publish/decisions.ts';
import { publishResult } from '../../../core/publish/publish-over.ts';
import { reparse } from '../../../core/run/reparse.ts';
import type { Partition } from '../../../core/source/source.ts';
import { PartitionStore } from '../../../core/state/partition-store.ts';
import { type FaultPlan, NO_FAULTS } from '../../../demo/faults.ts';
import { GB, GB_PARTITION, GbPartition, SETTLES } from '../../e2e/support/gb-partition.ts';
import { faults, rule } from '../../e2e/support/race-faults.ts';
import { DAY } from '../../e2e/support/small-site.ts';
import { query } from '../../e2e/support/sql.ts';
import { TODAY } from '../../e2e/support/test-time.ts';

let gb: GbPartition;
afterEach(() => gb.close());

/** Great Britain, published once. */
async function published(faults: FaultPlan = NO_FAULTS, today = TODAY): Promise<PublishResult> {
  gb = await GbPartition.start({ faults, today });
  return gb.run();
}
const oneLine = expect.stringMatching(/^[^\n]+$/);

describe('damage in the lake', () => {
  const garble = (file: string) => writeFileSync(file, 'this is not what it was');

  it('in the current Parquet file is told by a run that finds nothing changed, and touched by none', async () => {
    await published();
    garble(gb.currentFile());
    const before = gb.visible();
    const result = await gb.run();
    expect(result).toMatchObject({ status: 'failed', reason: oneLine });
    expect(result.reason).toMatch(/\.parquet .*run --force.*rescrape reparse/);
    expect(result.reason).not.toContain('rollback');
    expect(gb.visible()).toEqual(before);
  });

  it('in the current Parquet file leaves it known how many items there should be, and finds none', async () => {
    await published();
    rmSync(gb.currentFile());
    const { stats } = await gb.run();
    expect(stats).toMatchObject({ expected: gb.amount.races, found: 0, carried: 0, failed: 0 });
    const { state } = gb.session.platform;
    const record = await new PartitionStore(state).get(gb.session.source.table.name, GB_PARTITION);
    expect(record).toMatchObject({ expected: gb.amount.races, found: 0 });
    // A day that nobody can read says nothing of how many items a day has.
    const asked = { start: DAY, end: DAY, today: TODAY, targets: ['gb'] };
    const { targets } = await completeness(state, gb.session.source, asked);
    expect(targets[0]).toMatchObject({ statistics: null, dates: [{ status: 'stale' }] });
  });

  it('in the current Parquet file fails the publish that needs its rows, with what to do, and touches nothing', async () => {
    await published();
    garble(gb.currentFile());
    const before = gb.visible();
    gb.session.site.setFaults(faults(rule(0, { kind: 'status', status: 404 })));
    const result = await gb.run();
    expect(result).toMatchObject({ status: 'failed', reason: oneLine });
    expect(result.reason).toMatch(/\.parquet .*run --force.*rescrape reparse/);
    expect(result.reason).not.toContain('rollback');
    expect(gb.visible()).toEqual(before);
  });

  it('in the current Parquet file is mended by the forced run that the message advises', async () => {
    await published();
    garble(gb.currentFile());
    const result = await gb.run({ force: true });
    expect(result).toMatchObject({ status: 'committed', rows: gb.amount.rows });
    expect(await gb.rows()).toHaveLength(gb.amount.rows);
  });

  it.each([
    ['the manifest', () => gb.manifestFile(), /manifest is gone/],
    ['the data file', () => gb.currentFile(), /\.parquet is missing/],
  ])('that took %s away is told by plain completeness, and none is complete', async (_, file, told) => {
    await published();
    const { lake, state, verified } = gb.session.platform;
    const { source } = gb.session;
    const asked = async () => {
      const range = { start: DAY, end: DAY, today: TODAY, targets: ['gb'] };
      const damageOf = async (partition: Partition) =>
        (await currentDamage(lake, verified, source.table, partition))?.message;
      return completeness(state, source, { ...range, damageOf });
    };
    expect(await asked()).toMatchObject({ verdict: 'suspicious', partitions: { damaged: 0 } });
    rmSync(file());
    const { verdict, targets } = await asked();
    expect(verdict).toBe('incomplete');
    expect(targets[0]!.dates).toMatchObject([{ status: 'damaged', reason: expect.stringMatching(told) }]);
  });

  it.each([
    ['in the manifest', () => garble(gb.manifestFile()), ['rollback']],
    ['in the data file', () => garble(gb.currentFile()), ['--force', 'reparse']],
    ['that took the manifest', () => rmSync(gb.manifestFile()), ['--force', 'reparse']],
    ['that took the data file', () => rmSync(gb.currentFile()), ['--force', 'reparse']],
  ])('%s is told by why, with what mends it and no more', async (_, harm, commands) => {
    await published();
    harm();
    const { platform, source } = gb.session;
    const told = await why(platform, source, GB_PARTITION, null);
    const { lake, verified } = platform;
    const damage = await currentDamage(lake, verified, source.table, GB_PARTITION);
    expect(told.answer).toContain(damage!.problem);
    expect(told.answer).not.toContain('rescrape ');
    expect(told.answer).not.toContain('no earlier version');
    const given = told.next.flatMap(({ command, text }) => (text.startsWith('delete') ? [] : [command]));
    expect(given).toEqual(commands.map((word) => expect.stringContaining(word)));
  });

  it('in the current Parquet file is mended by the reparse that the message advises', async () => {
    await published();
    const before = await gb.rows();
    garble(gb.currentFile());
    const { platform, source } = gb.session;
    const range = { start: GB_PARTITION.date, end: GB_PARTITION.date };
    const [done] = await Array.fromAsync(reparse(platform, source, range, ['gb']));
    expect(done).toMatchObject({ result: { status: 'committed', rows: before.length } });
    expect(await gb.rows()).toHaveLength(before.length);
  });

  it('in an earlier version is told by the rollback to it, which advises no way that leads back to it', async () => {
    const first = await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    const file = gb.currentFile();
    gb.session.site.setToday(TODAY);
    const second = await gb.run();
    garble(file);
    const { platform, source } = gb.session;
    const told = await rollback(platform, source, GB_PARTITION, { actor: 'ann' }).catch(String);
    expect(told).toContain(`version ${first.version} cannot be put back: `);
    expect(told).toMatch(/\.parquet is damaged; scrape the date again: .* --force/);
    expect(told).not.toMatch(/although|rollback/);
    expect(told).not.toContain(second.version);
    garble(gb.currentFile());
    const { next } = await why(platform, source, GB_PARTITION, null);
    expect(next.map(({ command }) => command).join()).not.toContain('rollback');
  });

  it('that took the manifest is refused by a query of the table, and not by one of the logs', async () => {
    await published();
    const ask = (sql: string) => query(gb.session.platform, sql);
    expect(await ask('SELECT count(*) AS n FROM racing_results')).toEqual([{ n: gb.amount.rows }]);
    rmSync(gb.manifestFile());
    await expect(ask('SELECT * FROM racing_results')).rejects.toThrow(/manifest is gone: .*run --force/);
    expect(await ask('SELECT count(*) AS n FROM commits')).toEqual([{ n: 1 }]);
  });

  it('in a held version keeps it from being accepted', async () => {
    await published();
    gb.session.site.setFaults(faults(rule(1, { kind: 'status', status: 404 })));
    const { platform, source } = gb.session;
    const strict = { ...source, expect: { ...source.expect, maxShrink: 0 } };
    const context = { platform, source: strict, runId: platform.newId(), partition: GB_PARTITION };
    const current = (await readCurrent(platform.lake, source.table, GB_PARTITION))!.descriptor;
    const at = platform.clock.now();
    const held = await publishResult(context, {
      runId: context.runId,
      origin: 'site',
      source: source.name,
      partition: GB_PARTITION,
      parserVersion: current.index.parserVersion,
      index: { kind: 'listed', index: { ...current.index, checkedAt: at } },
      items: current.items.slice(1).map(({ id, url }) => ({
        item: { id, url },
        attempts: 1,
        content: { kind: 'unseen' },
      })),
      attempts: 1,
      wireBytes: 0,
    });
    expect(held).toMatchObject({ status: 'held' });
    await new PartitionStore(platform.state).record(source.table.name, GB_PARTITION, {
      ...{ status: 'held', version: held.version, runId: context.runId, at, order: 9, settledRun: 0 },
      ...{ expected: 4, found: 3, empty: 0, carried: 0, failed: 0, rows: 9, held: held.held, reason: 'less' },
      fresh: false,
    });
    garble(gb.lakeFile('data', 'racing_results', GB, `${held.held}-0.parquet`));
    const before = gb.visible();
    await expect(accept(platform, source, GB_PARTITION, { actor: 'ann' })).rejects.toThrow(/is damaged/);
    expect(gb.visible()).toEqual(before);
  });

  it('in the manifest fails the publish, with what to do, and touches nothing', async () => {
    await published();
    garble(gb.manifestFile());
    const before = gb.visible();
    const result = await gb.run();
    expect(result).toMatchObject({ status: 'failed', reason: oneLine });
    expect(result.reason).toMatch(/manifest.*partitions rollback/);
    expect(gb.visible()).toEqual(before);
  });

  it('in the manifest is mended by the rollback that the message advises', async () => {
    const first = await published();
    const before = await gb.rows();
    garble(gb.manifestFile());
    expect(
      await rollback(gb.session.platform, gb.session.source, GB_PARTITION, { actor: 'ann' }),
    ).toMatchObject({
      version: first.version,
    });
    expect(await gb.rows()).toEqual(before);
    expect(await gb.run()).toMatchObject({ status: 'unchanged', rows: gb.amount.rows });
  });

  it('in the descriptor of the current version is mended by the rollback that the message advises', async () => {
    const first = await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    gb.session.site.setToday(TODAY);
    const second = await gb.run();
    garble(gb.lakeFile('data', 'racing_results', GB, `_${second.version}.json`));
    const result = await gb.run();
    expect(result).toMatchObject({ status: 'failed', reason: oneLine });
    expect(result.reason).toMatch(/partitions rollback/);
    expect(
      await rollback(gb.session.platform, gb.session.source, GB_PARTITION, { actor: 'ann' }),
    ).toMatchObject({
      version: first.version,
    });
    expect(await gb.run()).toMatchObject({ status: 'committed', rows: gb.amount.rows });
  });

  it('never lets a version become current that cannot be read', async () => {
    await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    garble(gb.currentFile());
    gb.session.site.setToday(TODAY);
    await gb.run({ force: true });
    const before = gb.visible();
    await expect(
      rollback(gb.session.platform, gb.session.source, GB_PARTITION, { actor: 'ann' }),
    ).rejects.toThrow(/is damaged/);
    expect(gb.visible()).toEqual(before);
  });
});

describe('what a newer Rescrape wrote', () => {
  const descriptor = ({ version }: PublishResult) =>
    gb.lakeFile('data', 'racing_results', GB, `_${version}.json`);
  const manifest = async () => {
    const { lake } = gb.session.platform;
    const key = manifestKey(gb.session.source.table, GB_PARTITION);
    const { body, metadata } = (await lake.get(key))!;
    await lake.put(key, body, { metadata: { ...metadata, format: '2' } });
  };
  const inNewerDescriptor = async (result: PublishResult) => {
    const written = JSON.parse(readFileSync(descriptor(result), 'utf8'));
    writeFileSync(descriptor(result), JSON.stringify({ ...written, formatVersion: 2, files: 'elsewhere' }));
  };

  it.each([
    ['descriptor', inNewerDescriptor],
    ['manifest', manifest],
  ])('is told by its %s, and overwritten by nobody', async (_, written) => {
    const first = await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    gb.session.site.setToday(TODAY);
    const second = await gb.run();
    await written(second);
    const before = gb.visible();
    const told = /written by a newer Rescrape.*upgrade/;
    for (const force of [false, true])
      expect(await gb.run({ force })).toMatchObject({
        status: 'failed',
        reason: expect.stringMatching(told),
      });
    for (const to of [undefined, first.version!]) {
      const options = { actor: 'ann', ...(to !== undefined && { to }) };
      await expect(rollback(gb.session.platform, gb.session.source, GB_PARTITION, options)).rejects.toThrow(
        told,
      );
    }
    expect(gb.visible()).toEqual(before);
    const { findings } = await checkLake(gb.session.platform, gb.session.source, {
      start: DAY,
      end: DAY,
      targets: ['gb'],
    });
    expect(findings).toEqual([
      expect.objectContaining({ code: 'newer_format', next: [{ text: expect.stringMatching(/^upgrade/) }] }),
    ]);
  });
});
