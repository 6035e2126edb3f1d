import type { CompletenessReport } from '../../core/completeness/completeness.ts';
import type { Platform } from '../../core/platform.ts';
import { partitionValueOf } from '../../core/source/partition.ts';
import type { Source } from '../../core/source/source.ts';
import { targetOfRecord } from '../../core/targets/register.ts';
import { notReady } from '../../core/targets/schedule-status.ts';
import { isSkipped, type TargetRecord } from '../../core/targets/target.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import type { RunEnd } from '../../runtime/run-end.ts';

/** How the targets of one value came out of a run; of a source with an index, its items. */
export interface ValueCounts {
  readonly value: string;
  readonly crawled: number;
  readonly found: number;
  readonly failed: number;
  readonly skipped: number;
  readonly not_ready: number;
  /** In the lake, over the dates of the report. */
  readonly rows: number;
}

/** Targets of a source that are crawled one by one, by their records. `since`: when the run began; ms. */
export async function targetCounts(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  source: Source,
  report: CompletenessReport,
  since: number,
): Promise<ValueCounts[]> {
  const groups = new Map<string, TargetRecord[]>();
  for await (const record of new TargetStore(state).list(source.name)) {
    const target = targetOfRecord(record);
    if (!target) continue;
    const value = partitionValueOf(source, target);
    groups.set(value, [...(groups.get(value) ?? []), record]);
  }
  const now = clock.now();
  return [...groups].sort().map(([value, records]) => {
    const crawled = records.filter(({ lastCrawlAt }) => lastCrawlAt !== null && lastCrawlAt >= since);
    const found = crawled.filter(({ consecutiveFailures }) => consecutiveFailures === 0);
    return {
      value,
      crawled: crawled.length,
      found: found.length,
      failed: crawled.length - found.length,
      skipped: records.filter((record) => isSkipped(record, now)).length,
      not_ready: records.filter((record) => notReady(source, record) !== undefined).length,
      rows: rowsOf(report, value),
    };
  });
}

/** Items of a daily source, by the partitions of its run. */
export function itemCounts(end: RunEnd, report: CompletenessReport): ValueCounts[] {
  const partitions = end.kind === 'finished' ? end.summary.partitions : [];
  return report.targets.map(({ target: value, skipped }) => {
    const results = partitions.flatMap(({ partition, result }) =>
      partition.value === value && result !== 'broken' ? [result.stats] : [],
    );
    const sum = (of: 'expected' | 'found' | 'failed') =>
      results.reduce((total, stats) => total + stats[of], 0);
    return {
      value,
      crawled: sum('expected'),
      found: sum('found'),
      failed: sum('failed'),
      skipped: skipped ? 1 : 0,
      not_ready: 0,
      rows: rowsOf(report, value),
    };
  });
}

function rowsOf({ targets }: CompletenessReport, value: string): number {
  return targets.find(({ target }) => target === value)?.rows ?? 0;
}
