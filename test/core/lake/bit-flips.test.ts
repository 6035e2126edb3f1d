import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDuckDbWarehouse } from '../../../adapters/local/duckdb-warehouse.ts';
import { openVerifiedFiles } from '../../../adapters/local/verified-files.ts';
import { descriptorKey, manifestKey } from '../../../core/lake/layout.ts';
import { CorruptLakeError } from '../../../core/lake/manifest.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import type { VersionDescriptor } from '../../../core/lake/version.ts';
import { currentDamage } from '../../../core/lake/whole-version.ts';
import { WarehouseError } from '../../../core/ports/warehouse.ts';
import { localRelations } from '../../../runtime/local-relations.ts';
import { racing } from '../../../sources/racing/source.ts';
import { type Lake, openLake, PARTITION, publish, runner } from '../completeness/lake-fixture.ts';

const ROWS = ['1', '2', '3'].flatMap((race) => ['a', 'b', 'c', 'd'].map((horse) => runner(race, horse)));
/**
 * Flips of each file: at places that a step prime to 8 spreads over all of it, and over all bits of a byte.
 */
const FLIPS = 120;

describe('one flipped bit', () => {
  let it_: Lake;
  let version: VersionDescriptor;
  beforeEach(async () => {
    it_ = openLake();
    version = await publish(it_.lake, 0, ROWS);
  });
  afterEach(() => it_.close());

  const root = () => dirname(it_.lake.uri('a'));
  /** As the next process sees it: with what the last one has found whole. */
  async function asNextProcess<T>(
    use: (verified: ReturnType<typeof openVerifiedFiles>) => Promise<T>,
  ): Promise<T> {
    const verified = openVerifiedFiles(root(), it_.lake);
    try {
      return await use(verified);
    } finally {
      verified.close();
    }
  }
  const queried = () =>
    asNextProcess(async (verified) => {
      try {
        const relations = await localRelations({
          ...{ lake: it_.lake, sources: [racing], verified },
          clock: { now: () => 0 },
        });
        const warehouse = openDuckDbWarehouse({ relations, threads: 1 });
        try {
          return (await warehouse.query('SELECT * FROM racing_results ORDER BY ALL')).rows;
        } finally {
          await warehouse.close();
        }
      } catch (error) {
        if (error instanceof WarehouseError || error instanceof CorruptLakeError) return 'told';
        throw error;
      }
    });
  const judged = () =>
    asNextProcess(async (verified) =>
      (await currentDamage(it_.lake, verified, racing.table, PARTITION)) ? 'told' : 'whole',
    );
  /** What a rollback and a merge would go on with. */
  async function read(): Promise<unknown> {
    const store = new PartitionVersions(it_.lake, racing.table, PARTITION);
    try {
      const { descriptor } = (await store.current())!;
      return { descriptor, rows: await store.rows(descriptor) };
    } catch (error) {
      if (error instanceof CorruptLakeError) return 'told';
      throw error;
    }
  }

  it.each([
    ['data file', () => version.files[0]!.key],
    ['descriptor', () => descriptorKey(racing.table, PARTITION, version.version)],
    ['manifest', () => manifestKey(racing.table, PARTITION)],
  ])('in the %s is told, or changes no answer', async (_, key) => {
    const path = it_.lake.uri(key());
    const right = { rows: await queried(), read: await read() };
    expect(right.rows).toHaveLength(ROWS.length);
    expect(await judged()).toBe('whole');
    const bytes = readFileSync(path);
    const bits = bytes.length * 8;
    const step = Math.max(1, Math.floor(bits / FLIPS)) | 1;
    let told = 0;
    for (let bit = 0; bit < bits; bit += step) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, flipped);
      const [rows, damage, again] = [await queried(), await judged(), await read()];
      expect([bit, rows]).toEqual([bit, rows === 'told' ? 'told' : right.rows]);
      expect([bit, again]).toEqual([bit, again === 'told' ? 'told' : right.read]);
      // Where a reader is refused, completeness says so.
      if (rows === 'told') expect([bit, damage]).toEqual([bit, 'told']);
      if (damage === 'told') told++;
    }
    expect(told).toBeGreaterThan(0);
    writeFileSync(path, bytes);
    expect(await queried()).toEqual(right.rows);
  });
});
