import { join } from 'node:path';
import { stepsText } from '../core/advice/render.ts';
import { besideRun, repeatedText, withdrawnText, withoutResult } from '../core/lake/item-counts.ts';
import { heldWithdrawals, type PartitionSummary, withdrawnFrom } from '../core/report/run-summary.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import type { RunEnd } from '../runtime/run-end.ts';
import { adviseAt, type Place } from './advice.ts';
import { failedItemLines } from './failed-item-lines.ts';
import { counted, number } from './list.ts';
import { cellText, printTable } from './print.ts';
import { publicationLines } from './publication-text.ts';

interface Column {
  readonly name: string;
  readonly title?: string;
  readonly alignment?: 'right';
  /** Shown only where some partition has something in it. */
  readonly optional?: boolean;
}

const COLUMNS: readonly Column[] = [
  { name: 'partition' },
  { name: 'expected', ...number },
  { name: 'found', ...number },
  { name: 'failed', ...number },
  { name: 'carried', title: 'carried over', ...number },
  { name: 'pending', ...number, optional: true },
  { name: 'none', title: 'no result', ...number, optional: true },
  { name: 'withdrawn', ...number, optional: true },
  { name: 'rows', ...number },
  { name: 'status' },
];

/** What became of the records that it brought, where they are enriched. */
function enrichmentLines(enrichment: Extract<RunEnd, { kind: 'finished' }>['enrichment']): string[] {
  if (!enrichment) return [];
  if (enrichment.kind === 'failed')
    return [`its records are not all enriched: ${cellText(enrichment.message)}`];
  const { processed, stored, parked, dead, publication } = enrichment;
  return [
    `${counted(processed, 'record')} enriched: ${stored} stored, ${parked} parked at first, ${dead} dead`,
    ...publicationLines(publication),
  ];
}

/** The last thing a run prints: a row a partition, the verdict, and where everything is. */
export function printRunEnd(platform: CommandPlatform, end: RunEnd, place: Place): void {
  if (end.kind === 'nothing-due') console.log(end.message);
  if (end.kind !== 'finished') return;
  const { run, partitions, skipped } = end.summary;
  const rows = partitions.map(rowOf);
  const isShown = ({ name, optional }: Column) => !optional || rows.some((row) => Number(row[name] ?? 0) > 0);
  printTable(COLUMNS.filter(isShown), rows);
  for (const line of partitions.flatMap(listLines)) console.log(line);
  for (const { target, reason, since } of skipped) {
    console.log(
      `${run.source}/${target} is skipped (${reason}, since ${since}); ${stepsText(adviseAt(place, { kind: 'flagged-target', source: run.source, target }))}`,
    );
  }
  const beside = besideRun(run)
    .map((text) => `, ${text}`)
    .join('');
  const seconds = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  console.log(
    `${run.source} ${run.window_start} to ${run.window_end}: ${run.status}. ${run.items_found} of ${run.items_expected} items found, ` +
      `${run.items_failed} failed (${run.items_carried} carried over)${beside}; ${run.committed} partitions committed, ${run.unchanged} unchanged, ` +
      `${run.held} held, ${run.failed} failed; ${run.attempts} attempts in ${seconds.toFixed(1)} s.`,
  );
  const inStack = isStack(platform);
  for (const line of failedItemLines(end.summary, { inStack, place })) console.log(line);
  for (const line of enrichmentLines(end.enrichment)) console.log(line);
  console.log(`data:    ${addressOf(platform, 'tables')}`);
  if (end.report) console.log(`report:  ${addressOf(platform, end.report)}`);
}

/** Where a person finds an object of the lake. */
export function addressOf(platform: CommandPlatform, key: string): string {
  return isStack(platform) ? platform.lake.uri(key) : join(platform.directory, 'lake', key);
}

/** What the index took away, and what is there twice, by name. */
function listLines({ name, result }: PartitionSummary): string[] {
  if (result === 'broken') return [];
  const line = (items: readonly { readonly id: string }[], more = '') =>
    items.length > 0 ? [`${name}: ${cellText(withdrawnText(items.map(({ id }) => id)))}${more}`] : [];
  return [
    ...line(withdrawnFrom(result)),
    ...line(heldWithdrawals(result), ' (not yet: the version is held)'),
    ...(result.repeated ?? []).map((each) => `${name}: ${cellText(repeatedText(each))}`),
  ];
}

function rowOf({ name, result }: PartitionSummary): Record<string, unknown> {
  if (result === 'broken') return { partition: name, status: 'failed' };
  const { stats, rows, status } = result;
  return {
    partition: name,
    expected: stats.indexRead ? stats.expected : '?',
    found: stats.found,
    failed: stats.failed,
    carried: stats.carried,
    pending: stats.pending,
    none: withoutResult(stats),
    withdrawn: withdrawnFrom(result).length,
    rows,
    status,
  };
}
