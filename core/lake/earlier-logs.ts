import { dayOfRun } from '../calendar/run-id.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Partition } from '../source/source.ts';
import { earlierLogKey, earlierLogPrefix, type PartitionLogTable } from './layout.ts';
import type { PartitionLog } from './partition-log.ts';

/** A UUID as text. */
const RUN_ID_LENGTH = 36;
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The files of one partition that a version before laid among those of all others, found by their names. */
export async function readEarlierLogs(
  lake: ObjectStore,
  table: PartitionLogTable,
  source: string,
  partition: Partition,
): Promise<PartitionLog[]> {
  const logs: PartitionLog[] = [];
  for await (const { key } of lake.list(earlierLogPrefix(table))) {
    const runId = key.slice(key.lastIndexOf('/') + 1).slice(0, RUN_ID_LENGTH);
    const part = Number(/-(\d+)\.parquet$/.exec(key)?.[1] ?? Number.NaN);
    if (RUN_ID.test(runId) && key === earlierLogKey(table, dayOfRun(runId), source, partition, runId, part))
      logs.push({ runId, key });
  }
  return logs;
}
