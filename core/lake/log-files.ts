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

export interface LogFiles {
  readonly table: LogTable;
  /** Parquet. */
  readonly files: readonly string[];
  /** JSON lines. */
  readonly jsonFiles: readonly string[];
}

/**
 * The files that hold the rows of each append-only table at this moment, each row in one of them: the files
 * of runs, those of versions before, and of runs that have not ended those of the partitions. A run whose
 * file is there is read from that file alone.
 */
export async function logFiles(lake: Pick<ObjectStore, 'list'>): Promise<LogFiles[]> {
  const unended = await workPlaces(lake);
  const tables = [];
  for (const table of [...PARTITION_TABLES, 'runs', 'enrichments', 'extraction_books'] as const) {
    const files: string[] = [];
    for (const prefix of [runLogPrefix(table), earlierLogPrefix(table)])
      for await (const { key } of lake.list(prefix)) if (key.endsWith('.parquet')) files.push(key);
    const jsonFiles = isOfPartitions(table) ? await filesOfUnended(lake, table, unended, new Set(files)) : [];
    tables.push({ table, files, jsonFiles });
  }
  return tables;
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
