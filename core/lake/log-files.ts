import type { CivilDate } from '../calendar/civil-date.ts';
import { dayOfRun } from '../calendar/run-id.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import {
  earlierLogPrefix,
  type LogTable,
  type PartitionLogTable,
  partitionLogPrefix,
  runLogKey,
  runLogPrefix,
} from './layout.ts';
import { type WorkPlace, workPlaces } from './work-places.ts';

const PARTITION_TABLES: readonly PartitionLogTable[] = ['attempts', 'commits'];

/** The append-only tables. */
export const LOG_TABLES: readonly LogTable[] = [
  ...PARTITION_TABLES,
  'runs',
  'enrichments',
  'extraction_books',
];

export interface LogFiles {
  /** Parquet. */
  readonly files: readonly string[];
  /** JSON lines. */
  readonly jsonFiles: readonly string[];
}

/**
 * The files that hold the rows of an append-only table at this moment, each row in one of them: the files
 * of runs, those of versions before, and of runs that have not ended those of the partitions. A run whose
 * file is there is read from that file alone. `from`: only of runs that began on this day or later.
 */
export async function logFiles(
  lake: Pick<ObjectStore, 'list'>,
  table: LogTable,
  from?: CivilDate,
): Promise<LogFiles> {
  // Before the files: a run that ends meanwhile is then found in one of the two.
  const places = isOfPartitions(table) ? await workPlaces(lake) : [];
  const files: string[] = [];
  for (const prefix of [runLogPrefix(table), earlierLogPrefix(table)]) {
    const first = `${prefix}${from ?? ''}`;
    for await (const { key } of lake.list(prefix))
      if (key >= first && key.endsWith('.parquet')) files.push(key);
  }
  if (!isOfPartitions(table)) return { files, jsonFiles: [] };
  const unended = places.filter(({ runId }) => from === undefined || dayOfRun(runId) >= from);
  return { files, jsonFiles: await filesOfUnended(lake, table, unended, new Set(files)) };
}

function isOfPartitions(table: LogTable): table is PartitionLogTable {
  return (PARTITION_TABLES as readonly LogTable[]).includes(table);
}

async function filesOfUnended(
  lake: Pick<ObjectStore, 'list'>,
  table: PartitionLogTable,
  places: readonly WorkPlace[],
  merged: ReadonlySet<string>,
): Promise<string[]> {
  const files: string[] = [];
  for (const { runId, source, partition } of places) {
    const day = dayOfRun(runId);
    if (merged.has(runLogKey(table, day, runId))) continue;
    const prefix = `${partitionLogPrefix(table, source, partition)}run_date=${day}/${runId}-`;
    for await (const { key } of lake.list(prefix)) files.push(key);
  }
  return files;
}
