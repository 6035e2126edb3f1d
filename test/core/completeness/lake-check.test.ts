import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { checkLake } from '../../../core/completeness/lake-check.ts';
import { descriptorKey, manifestKey } from '../../../core/lake/layout.ts';
import { writeParquet } from '../../../core/lake/parquet.ts';
import { encodeDescriptor, fileHash, type VersionDescriptor } from '../../../core/lake/version.ts';
import { tableColumns } from '../../../core/schema/columns.ts';
import { PartitionStore } from '../../../core/state/partition-store.ts';
import { racing } from '../../../sources/racing/source.ts';
import { type Lake, openLake, PARTITION, publish, runner } from './lake-fixture.ts';

const RANGE = { start: addDays(PARTITION.date, -6), end: PARTITION.date, targets: ['gb'] };
const NAME = 'racing/gb/2025-11-17';
const ROWS = [runner('1', 'a'), runner('1', 'b'), runner('2', 'a')];

describe('the check of the lake', () => {
  let it_: Lake;
  beforeEach(() => {
    it_ = openLake();
  });
  afterEach(() => it_.close());

  const check = (range = RANGE) => checkLake(it_, racing, range);
  const codes = async () => (await check()).findings.map(({ partition, code }) => [partition, code]);

  /** Puts a version on record as publish does. */
  async function record(day: number, version: string | null): Promise<void> {
    const partition = { ...PARTITION, date: addDays(PARTITION.date, day) };
    await new PartitionStore(it_.state).record(racing.table.name, partition, {
      status: version === null ? 'failed' : 'committed',
      version,
      runId: 'run-1',
      at: 1,
      order: 1,
      settledRun: 0,
      expected: 1,
      found: 1,
      empty: 0,
      carried: 0,
      failed: 0,
      rows: 3,
      held: null,
      reason: null,
      fresh: true,
    });
  }

  async function committed(rows = ROWS, day = 0): Promise<VersionDescriptor> {
    const descriptor = await publish(it_.lake, day, rows);
    await record(day, descriptor.version);
    return descriptor;
  }

  /** Other rows under the name of the committed file, with a descriptor that vouches for them. */
  async function replaceRows(
    descriptor: VersionDescriptor,
    change: (rows: typeof ROWS) => typeof ROWS,
  ): Promise<void> {
    const rows = change(ROWS.map((row) => ({ ...row, _committed_at: descriptor.createdAt })));
    const [file] = descriptor.files;
    const bytes = writeParquet(tableColumns(racing.table.schema), rows);
    await it_.lake.put(file!.key, bytes);
    const vouched = { ...file!, bytes: bytes.length, sha256: fileHash(bytes) };
    const key = descriptorKey(racing.table, PARTITION, descriptor.version);
    await it_.lake.put(key, encodeDescriptor({ ...descriptor, files: [vouched] }));
  }

  const path = (key: string) => it_.lake.uri(key);
  const manifest = manifestKey(racing.table, PARTITION);

  it('finds nothing where every version is what was committed, and counts what it read', async () => {
    await committed([], -2); // an empty day
    await committed(ROWS, -1);
    await committed(ROWS.slice(1), 0);
    await committed(ROWS, 0); // the version before is an orphan now, and fine
    await committed(ROWS, 3); // after the range
    await record(-4, null);
    expect(await check()).toMatchObject({ partitions: 3, files: 3, rows: 6, findings: [] });
    expect((await check()).bytes).toBeGreaterThan(1000);
  });

  it('finds a data file that is missing, and says what to do', async () => {
    const { files } = await committed();
    rmSync(path(files[0]!.key));
    expect((await check()).findings).toEqual([
      {
        partition: NAME,
        code: 'file_missing',
        problem: `${files[0]!.key} is missing`,
        next: [
          {
            text: 'scrape it again',
            command: 'rescrape run racing --target gb --start 2025-11-17 --end 2025-11-17 --force',
          },
          {
            text: 'mend it from its captures',
            command: 'rescrape reparse racing --target gb --start 2025-11-17 --end 2025-11-17',
          },
        ],
      },
    ]);
  });

  it('finds a file of another size, and one byte that flipped', async () => {
    const { files } = await committed();
    const key = files[0]!.key;
    const bytes = (await it_.lake.get(key))!.body;
    await it_.lake.put(key, bytes.subarray(0, -7));
    expect((await check()).findings[0]?.problem).toMatch(/has \d+ bytes, committed were \d+$/);
    await it_.lake.put(key, bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1));
    expect(await codes()).toEqual([[NAME, 'file_damaged']]);
  });

  it('finds a committed file that is no Parquet', async () => {
    const descriptor = await committed();
    const [file] = descriptor.files;
    const rubbish = new TextEncoder().encode('PAR1 rubbish PAR1');
    await it_.lake.put(file!.key, rubbish);
    const vouched = { ...file!, bytes: rubbish.length, sha256: fileHash(rubbish) };
    const key = descriptorKey(racing.table, PARTITION, descriptor.version);
    await it_.lake.put(key, encodeDescriptor({ ...descriptor, files: [vouched] }));
    expect((await check()).findings).toMatchObject([
      { code: 'file_damaged', problem: expect.stringMatching(/no readable Parquet/) },
    ]);
  });

  it('finds rows that are there twice, and names one', async () => {
    await replaceRows(await committed(), ([a, b]) => [a!, b!, b!]);
    expect((await check()).findings).toMatchObject([
      { code: 'duplicate_rows', problem: '1 of 3 rows are there twice, first race_id="1", horse_id="b"' },
    ]);
  });

  it('finds rows of two commits in one partition', async () => {
    await replaceRows(await committed(), ([a, ...rest]) => [
      { ...a!, _committed_at: '2025-11-16T01:30:00.000Z' },
      ...rest,
    ]);
    expect(await codes()).toEqual([[NAME, 'mixed_versions']]);
  });

  it('finds rows more or fewer than were committed', async () => {
    await replaceRows(await committed(), (rows) => rows.slice(1));
    expect(new Set((await codes()).map(([, code]) => code))).toEqual(new Set(['rows_differ']));
  });

  it('finds a manifest that is none, one of another version, one that is gone and one that is on no record', async () => {
    const descriptor = await committed();
    writeFileSync(path(manifest), 'rubbish\n');
    expect(await codes()).toEqual([[NAME, 'manifest_unreadable']]);
    writeFileSync(
      path(manifest),
      `/data/${descriptor.files[0]!.key.slice(5).replace('-0.parquet', '-1.parquet')}\n`,
    );
    expect(await codes()).toEqual([[NAME, 'files_differ']]);
    rmSync(path(manifest));
    expect(await codes()).toEqual([[NAME, 'manifest_missing']]);
    await publish(it_.lake, 0, ROWS);
    expect(await codes()).toEqual([[NAME, 'register_differs']]);
  });

  it('finds a descriptor that is missing or damaged', async () => {
    const { version } = await committed();
    const key = descriptorKey(racing.table, PARTITION, version);
    writeFileSync(path(key), '{"formatVersion": 1}');
    expect(await codes()).toEqual([[NAME, 'descriptor_unreadable']]);
    rmSync(path(key));
    expect(await codes()).toEqual([[NAME, 'descriptor_unreadable']]);
  });

  it('finds what stands among the manifests and is none', async () => {
    await committed();
    await it_.lake.put(`${manifest}.bak`, new Uint8Array());
    expect(await codes()).toEqual([[`${manifest}.bak`, 'stray_object']]);
  });

  it('goes on where the store cannot give a file', async () => {
    const { files } = await committed();
    await committed(ROWS, -1);
    rmSync(path(files[0]!.key));
    symlinkSync('elsewhere', path(files[0]!.key));
    const { partitions, findings } = await check();
    expect(partitions).toBe(2);
    expect(findings).toMatchObject([
      { partition: NAME, code: 'store_failed', next: [{ text: 'mend the store, then check again' }] },
    ]);
  });

  it('is plain JSON', async () => {
    await committed();
    const answer = await check();
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  });
});
