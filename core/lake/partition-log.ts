import { dayOfRun } from '../calendar/run-id.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { columnsOf } from '../schema/columns.ts';
import type { Partition, Source } from '../source/source.ts';
import { type LogTable, logKey } from './layout.ts';
import { ATTEMPT_SCHEMA, type AttemptRow, COMMIT_SCHEMA, type CommitRow } from './log-tables.ts';
import { CorruptLakeError } from './manifest.ts';
import { readParquet } from './parquet.ts';

const ATTEMPT_COLUMNS = columnsOf(ATTEMPT_SCHEMA);
const COMMIT_COLUMNS = columnsOf(COMMIT_SCHEMA);
/** A UUID as text. */
const RUN_ID_LENGTH = 36;

/** What the append-only tables hold of one partition. Files are found by their names; none of another partition is opened. */
export interface PartitionLog {
  readonly runId: string;
  readonly key: string;
}

/** Files of one partition in an append-only table, newest run first. */
export async function partitionLogs(
  lake: ObjectStore,
  table: LogTable,
  source: Source,
  partition: Partition,
): Promise<PartitionLog[]> {
  const logs: PartitionLog[] = [];
  for await (const { key } of lake.list(`${table}/`)) {
    const runId = key.slice(key.lastIndexOf('/') + 1).slice(0, RUN_ID_LENGTH);
    const part = Number(/-(\d+)\.parquet$/.exec(key)?.[1] ?? Number.NaN);
    if (isRunId(runId) && key === logKey(table, dayOfRun(runId), source.name, partition, runId, part))
      logs.push({ runId, key });
  }
  return logs.sort((a, b) => (a.runId < b.runId ? 1 : -1));
}

function isRunId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** The attempts of one file, oldest first. Throws a CorruptLakeError where it cannot be read. */
export async function readAttempts(lake: ObjectStore, log: PartitionLog): Promise<AttemptRow[]> {
  return (await readLog(lake, log, ATTEMPT_COLUMNS)) as AttemptRow[];
}

/** What runs and persons decided about a partition, newest first. Throws a CorruptLakeError where a file cannot be read. */
export async function readCommits(
  lake: ObjectStore,
  source: Source,
  partition: Partition,
): Promise<CommitRow[]> {
  const rows: CommitRow[] = [];
  for (const log of await partitionLogs(lake, 'commits', source, partition)) {
    rows.push(...((await readLog(lake, log, COMMIT_COLUMNS)) as CommitRow[]));
  }
  return rows.sort(newestFirst);
}

/** By the clock only where order does not tell: it may have run ahead. */
function newestFirst(a: CommitRow, b: CommitRow): number {
  return (b.standing_order ?? 0) - (a.standing_order ?? 0) || (a.recorded_at < b.recorded_at ? 1 : -1);
}

async function readLog(
  lake: ObjectStore,
  { key }: PartitionLog,
  columns: typeof ATTEMPT_COLUMNS,
): Promise<unknown[]> {
  const stored = await lake.get(key);
  if (!stored) return [];
  try {
    return await readParquet(stored.body, columns);
  } catch {
    throw new CorruptLakeError(
      `${key} is no readable Parquet file: move it out of the lake; the data itself is not affected`,
    );
  }
}
