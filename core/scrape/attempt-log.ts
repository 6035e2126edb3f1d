import { dayOfRun } from '../calendar/run-id.ts';
import type { PartitionJob } from '../job.ts';
import { logKey } from '../lake/layout.ts';
import { ATTEMPT_SCHEMA, type AttemptRow } from '../lake/log-tables.ts';
import { writeParquet } from '../lake/parquet.ts';
import { readAttempts } from '../lake/partition-log.ts';
import { columnsOf } from '../schema/columns.ts';

const ATTEMPT_COLUMNS = columnsOf(ATTEMPT_SCHEMA);

/**
 * Puts attempts into their table. A file that is there is never replaced: rows that it has not go into one beside it, and
 * saying the same twice writes nothing.
 */
export async function appendAttempts(
  { platform, source, runId, partition }: PartitionJob,
  attempts: readonly AttemptRow[],
): Promise<void> {
  let rows = attempts;
  for (let part = 0; rows.length > 0; part++) {
    const key = logKey('attempts', dayOfRun(runId), source.name, partition, runId, part);
    const put = await platform.lake.put(key, writeParquet(ATTEMPT_COLUMNS, rows), { ifNoneMatch: '*' });
    if (put.kind === 'stored') return;
    const there = new Set(
      (await readAttempts(platform.lake, { runId, key })).map(({ attempt_id }) => attempt_id),
    );
    rows = rows.filter(({ attempt_id }) => !there.has(attempt_id));
  }
}
