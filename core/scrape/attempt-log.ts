import { dayOfRun } from '../calendar/run-id.ts';
import type { PartitionJob } from '../job.ts';
import { writeJsonLines } from '../lake/json-lines.ts';
import { partitionLogKey } from '../lake/layout.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import { readLog } from '../lake/partition-log.ts';

/**
 * Puts attempts on record. A file that is there is never replaced: rows that it has not go into one beside
 * it, and saying the same twice writes nothing.
 */
export async function appendAttempts(
  { platform, source, runId, partition }: PartitionJob,
  attempts: readonly AttemptRow[],
): Promise<void> {
  let rows = attempts;
  for (let part = 0; rows.length > 0; part++) {
    const key = partitionLogKey('attempts', dayOfRun(runId), source.name, partition, runId, part);
    const put = await platform.lake.put(key, writeJsonLines(rows), { ifNoneMatch: '*' });
    if (put.kind === 'stored') return;
    const there = await readLog(platform.lake, 'attempts', key);
    const known = new Set(there.map(({ attempt_id }) => attempt_id));
    rows = rows.filter(({ attempt_id }) => !known.has(attempt_id));
  }
}
