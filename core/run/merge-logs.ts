import { mergeRunLogs } from '../lake/run-log.ts';
import type { Platform } from '../platform.ts';
import type { Partition, Source } from '../source/source.ts';

/**
 * Puts what a run, a retry or a reparse did to these partitions into the tables that SQL reads. To be called
 * before the run's work is cleared: until then a local reader finds by it what is in no table yet. Repeating
 * it changes nothing.
 */
export async function mergeLogs(
  platform: Pick<Platform, 'lake' | 'emit'>,
  source: Pick<Source, 'name'>,
  runId: string,
  partitions: readonly Partition[],
): Promise<void> {
  await mergeRunLogs(platform.lake, { runId, source: source.name, partitions }, ({ message }) =>
    platform.emit({ kind: 'warning', message }),
  );
}
