import { dayOfRun } from '../calendar/run-id.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Partition } from '../source/source.ts';
import { type PartitionLogTable, partitionLogKey, runLogKey } from './layout.ts';
import { CorruptLakeError } from './manifest.ts';
import { ParquetFile } from './parquet.ts';
import { LOG_COLUMNS, type LogRow, readLogFile } from './partition-log.ts';

/**
 * Rows of a row group: a long backfill holds no more of them at once than these and those of its partitions
 * at hand.
 */
const ROWS_AT_ONCE = 5000;
const PARTITIONS_AT_ONCE = 32;
/** Writers of one run's file beside us; there are two at most. */
const TRIES = 5;

/** What makes a row the same row, within one run. */
const IDENTITY: { readonly [T in PartitionLogTable]: (row: LogRow<T>) => string } = {
  attempts: ({ attempt_id }) => attempt_id,
  commits: ({ source, target, partition_date }) => `${source}/${target}/${partition_date}`,
};

/** A run, and the partitions of one source that it touched. */
export interface LoggedRun {
  readonly runId: string;
  readonly source: string;
  readonly partitions: readonly Partition[];
}

/**
 * Adds what a run did to these partitions to its one file in each append-only table, which is what SQL reads.
 * The partitions' own files stay, so that nothing is lost by a crash and nothing is there twice after one: a
 * row that the file has already is replaced by itself. Files that cannot be read are told of and left out.
 */
export async function mergeRunLogs(
  lake: ObjectStore,
  run: LoggedRun,
  onDamage: (damage: CorruptLakeError) => void,
): Promise<void> {
  await mergeTable(lake, 'attempts', run, onDamage);
  await mergeTable(lake, 'commits', run, onDamage);
}

async function mergeTable<T extends PartitionLogTable>(
  lake: ObjectStore,
  table: T,
  run: LoggedRun,
  onDamage: (damage: CorruptLakeError) => void,
): Promise<void> {
  const key = runLogKey(table, dayOfRun(run.runId), run.runId);
  for (let tries = 0; tries < TRIES; tries++) {
    const there = await lake.get(key);
    const before = new Map<string, LogRow<T>>();
    for (const row of there ? await readLogFile(table, key, there.body) : [])
      before.set(IDENTITY[table](row), row);
    const file = new ParquetFile(LOG_COLUMNS[table](), ROWS_AT_ONCE);
    for await (const row of rowsOf(lake, table, run, onDamage)) {
      before.delete(IDENTITY[table](row));
      file.add(row);
    }
    if (file.rows === 0) return;
    for (const row of before.values()) file.add(row);
    const condition = there ? { ifMatch: there.etag } : ({ ifNoneMatch: '*' } as const);
    if ((await lake.put(key, file.end(), condition)).kind === 'stored') return;
  }
  throw new Error(`${key}: other writers kept replacing it`);
}

/** In the order of the partitions, each with its parts in theirs. */
async function* rowsOf<T extends PartitionLogTable>(
  lake: ObjectStore,
  table: T,
  { runId, source, partitions }: LoggedRun,
  onDamage: (damage: CorruptLakeError) => void,
): AsyncGenerator<LogRow<T>> {
  const rowsOfOne = async (partition: Partition): Promise<LogRow<T>[]> => {
    const rows: LogRow<T>[] = [];
    for (let part = 0; ; part++) {
      const key = partitionLogKey(table, dayOfRun(runId), source, partition, runId, part);
      const stored = await lake.get(key);
      if (!stored) return rows;
      try {
        rows.push(...(await readLogFile(table, key, stored.body)));
      } catch (error) {
        if (!(error instanceof CorruptLakeError)) throw error;
        onDamage(error);
      }
    }
  };
  for (let at = 0; at < partitions.length; at += PARTITIONS_AT_ONCE) {
    const some = partitions.slice(at, at + PARTITIONS_AT_ONCE);
    for (const rows of await Promise.all(some.map(rowsOfOne))) yield* rows;
  }
}
