import { join } from 'node:path';
import type { PartitionSummary } from '../core/report/run-summary.ts';
import type { RunEnd } from '../runtime/local-run.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { failedItemLines } from './failed-item-lines.ts';
import { printTable } from './print.ts';

const number = { alignment: 'right' as const };

/** The last thing a run prints: a row a partition, the verdict, and where everything is. */
export function printRunEnd(platform: CommandPlatform, end: RunEnd): void {
  if (end.kind !== 'finished') return;
  const { run, partitions, skipped } = end.summary;
  printTable(
    [
      { name: 'partition' },
      { name: 'expected', ...number },
      { name: 'found', ...number },
      { name: 'failed', ...number },
      { name: 'carried', title: 'carried over', ...number },
      { name: 'rows', ...number },
      { name: 'status' },
    ],
    partitions.map(rowOf),
  );
  for (const { target, reason, since } of skipped) {
    console.log(
      `${run.source}/${target} is skipped (${reason}, since ${since}): lift it with "rescrape skip remove ${run.source} ${target}"`,
    );
  }
  const seconds = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  console.log(
    `${run.source} ${run.window_start} to ${run.window_end}: ${run.status}. ${run.items_found} of ${run.items_expected} items found, ` +
      `${run.items_failed} failed (${run.items_carried} carried over); ${run.committed} partitions committed, ${run.unchanged} unchanged, ` +
      `${run.held} held, ${run.failed} failed; ${run.attempts} attempts in ${seconds.toFixed(1)} s.`,
  );
  const inStack = isStack(platform);
  for (const line of failedItemLines(end.summary, { inStack })) console.log(line);
  console.log(`data:    ${placeOf(platform, 'tables')}`);
  if (end.report) console.log(`report:  ${placeOf(platform, end.report)}`);
}

function placeOf(platform: CommandPlatform, key: string): string {
  return isStack(platform) ? platform.lake.uri(key) : join(platform.directory, 'lake', key);
}

function rowOf({ name, result }: PartitionSummary): Record<string, unknown> {
  if (result === 'broken') return { partition: name, status: 'failed' };
  const { stats, rows, status } = result;
  return {
    partition: name,
    expected: stats.indexRead ? stats.expected : '?',
    found: stats.found + stats.empty,
    failed: stats.failed,
    carried: stats.carried,
    rows,
    status,
  };
}
