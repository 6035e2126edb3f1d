import { dayOfRun } from '../calendar/run-id.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { columnsOf } from '../schema/columns.ts';
import { lazily } from '../schema/lazily.ts';
import type { Partition, Source } from '../source/source.ts';
import { earlierLogs } from './earlier-logs.ts';
import { readJsonLines, writeJsonLines } from './json-lines.ts';
import { type PartitionLogTable, partitionLogKey, partitionLogPrefix } from './layout.ts';
import {
  type AttemptRow,
  attemptSchema,
  type CommitRow,
  commitSchema,
  type PartitionLog,
} from './log-tables.ts';
import { CorruptLakeError } from './manifest.ts';
import { readParquet } from './parquet.ts';

/** Columns of the files of both logs as Parquet. */
export const LOG_COLUMNS = {
  attempts: lazily(() => columnsOf(attemptSchema())),
  commits: lazily(() => columnsOf(commitSchema())),
} as const;

interface LogRows {
  readonly attempts: AttemptRow;
  readonly commits: CommitRow;
}
export type LogRow<T extends PartitionLogTable> = LogRows[T];

/**
 * The files of one partition, newest run first. None of another partition is listed, however many there are.
 */
export async function partitionLogs(
  lake: ObjectStore,
  table: PartitionLogTable,
  source: Source,
  partition: Partition,
): Promise<PartitionLog[]> {
  const logs: PartitionLog[] = await earlierLogs(lake, table, source.name, partition);
  for await (const { key } of lake.list(partitionLogPrefix(table, source.name, partition))) {
    const runId = /\/([^/]+)-\d+\.jsonl\.gz$/.exec(key)?.[1];
    if (runId !== undefined) logs.push({ runId, key });
  }
  return logs.sort((a, b) => (a.runId < b.runId ? 1 : -1));
}

/**
 * The rows of one file, oldest first. Throws a CorruptLakeError where it cannot be read; none where it is
 * gone.
 */
export async function readLog<T extends PartitionLogTable>(
  lake: Pick<ObjectStore, 'get'>,
  table: T,
  key: string,
): Promise<LogRow<T>[]> {
  const stored = await lake.get(key);
  return stored ? readLogFile(table, key, stored.body) : [];
}

/** The rows of a file whose bytes are at hand. */
export async function readLogFile<T extends PartitionLogTable>(
  table: T,
  key: string,
  body: Uint8Array,
): Promise<LogRow<T>[]> {
  try {
    const isParquet = key.endsWith('.parquet');
    const rows = isParquet ? await readParquet(body, LOG_COLUMNS[table]()) : readJsonLines(body);
    return rows as unknown as LogRow<T>[];
  } catch {
    throw new CorruptLakeError(
      `${key} cannot be read: move it out of the lake; the data itself is not affected`,
    );
  }
}

/**
 * What runs and persons decided about a partition, newest first. Throws a CorruptLakeError where a file
 * cannot be read.
 */
export async function readCommits(
  lake: ObjectStore,
  source: Source,
  partition: Partition,
): Promise<CommitRow[]> {
  const rows: CommitRow[] = [];
  for (const { key } of await partitionLogs(lake, 'commits', source, partition))
    rows.push(...(await readLog(lake, 'commits', key)));
  return rows.sort(newestFirst);
}

/** Puts on record what one run or person decided about a partition. Repeating it changes nothing. */
export async function writeCommit(
  lake: ObjectStore,
  source: string,
  partition: Partition,
  row: CommitRow,
): Promise<void> {
  const key = partitionLogKey('commits', dayOfRun(row.run_id), source, partition, row.run_id);
  await lake.put(key, writeJsonLines([row]));
}

/** By the clock only where order does not tell: it may have run ahead. */
function newestFirst(a: CommitRow, b: CommitRow): number {
  return (b.standing_order ?? 0) - (a.standing_order ?? 0) || (a.recorded_at < b.recorded_at ? 1 : -1);
}
