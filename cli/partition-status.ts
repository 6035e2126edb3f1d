import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import { besideText, withdrawnText } from '../core/lake/item-counts.ts';
import { partitionName } from '../core/lake/layout.ts';
import type { CurrentVersion } from '../core/lake/manifest.ts';
import { PartitionVersions } from '../core/lake/partition-versions.ts';
import { byValue, targetsNamed } from '../core/source/partition.ts';
import { type PartitionRecord, PartitionStore } from '../core/state/partition-store.ts';
import { adviseAt } from './advice.ts';
import { withPlatform } from './context.ts';
import { NotFoundError } from './failure.ts';
import { type FilterOptions, filterOf, partitionOf } from './filter.ts';
import { printObject } from './json.ts';
import { partitionRecord } from './json-records.ts';
import { type ListOptions, number, printList, timeText } from './list.ts';
import { cellText, printTable } from './print.ts';

export async function listPartitions(
  name: string | undefined,
  options: Omit<FilterOptions, 'source'> & ListOptions,
  command: Command,
): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const filter = filterOf(platform, { ...options, ...(name !== undefined && { source: name }) });
    const store = new PartitionStore(platform.state);
    const found: (PartitionRecord & { readonly source: string })[] = [];
    for (const source of filter.sources) {
      const names = filter.target === undefined ? undefined : [filter.target];
      const named = targetsNamed(source, source.targets, names);
      for (const value of 'unknown' in named ? [] : byValue(source, named).keys()) {
        for await (const lastRefresh of store.range(source.table.name, value, filter.start, filter.end)) {
          found.push({ source: source.name, ...lastRefresh });
        }
      }
    }
    const columns = [
      { name: 'partition' },
      { name: 'status' },
      { name: 'expected', ...number },
      { name: 'found', ...number },
      { name: 'failed', ...number },
      { name: 'carried', title: 'carried over', ...number },
      { name: 'rows', ...number },
      { name: 'refreshed' },
      { name: 'reason' },
    ];
    const values = found.map(({ source, ...record }) => partitionRecord(source, record));
    const rows = found.map(({ source, ...lastRefresh }) => ({
      partition: partitionName(source, lastRefresh),
      status: lastRefresh.status,
      expected: lastRefresh.expected ?? '?',
      found: lastRefresh.found,
      failed: lastRefresh.failed,
      carried: lastRefresh.carried,
      rows: lastRefresh.rows,
      refreshed: timeText(lastRefresh.freshAt),
      reason: lastRefresh.reason,
    }));
    printList(
      { columns, rows, values, none: 'no partitions on record that match' },
      { ...globals, ...options },
    );
  });
}

export async function showPartition(text: string, _options: object, command: Command): Promise<void> {
  await withPlatform(command, async (platform, { json, place }) => {
    const { source, partition } = partitionOf(platform, text);
    const name = partitionName(source.name, partition);
    const lastRefresh = await new PartitionStore(platform.state).get(source.table.name, partition);
    const current = await new PartitionVersions(platform.lake, source.table, partition).current();
    if (!lastRefresh && !current) {
      throw new NotFoundError(`${name} was never scraped`, advise({ kind: 'not-on-record', name }));
    }
    if (json) {
      const last = lastRefresh ? partitionRecord(source.name, lastRefresh) : null;
      return printObject({ partition: name, last_refresh: last, current: current ?? null });
    }
    for (const [title, line] of linesOf(name, lastRefresh, current))
      console.log(`${title.padEnd(8)} ${cellText(line)}`);
    if (current) printItems(current);
    if (lastRefresh?.held) {
      const subject = { kind: 'held', source: source.name, partition } as const;
      for (const step of adviseAt(place, subject)) console.log(`next     ${stepText(step)}`);
    }
  });
}

function linesOf(
  name: string,
  lastRefresh: PartitionRecord | undefined,
  current: CurrentVersion | undefined,
): [string, string][] {
  const lines: [string, string][] = [];
  if (lastRefresh) {
    const { status, reason, runId, at, freshAt, expected, found, failed, carried } = lastRefresh;
    const { withdrawn, repeated, sign } = lastRefresh;
    const beside = besideText(lastRefresh);
    lines.push(['last', `${name} ${status}${reason ? ` (${reason})` : ''} at ${timeText(at)} by ${runId}`]);
    lines.push([
      'items',
      `${found} of ${expected ?? '?'} found, ${failed} failed, ${carried} of them carried over${beside === '' ? '' : `; ${beside}`}`,
    ]);
    if (sign !== null) lines.push(['index', `says that the day is empty: ${sign}`]);
    if (withdrawn.count > 0) lines.push(['gone', withdrawnText(withdrawn.ids, withdrawn.count)]);
    for (const line of repeated) lines.push(['twice', line]);
    lines.push(['fresh', freshAt === null ? 'never' : timeText(freshAt)]);
    if (lastRefresh.held) lines.push(['held', lastRefresh.held]);
  }
  if (current) {
    const { version, rows, previous, files, contentHash } = current.descriptor;
    lines.push([
      'current',
      `${version}, ${rows} rows, since ${current.committedAt} by ${current.committedBy}`,
    ]);
    lines.push(['before', previous ?? 'none: it is the first']);
    for (const { key, bytes } of files) lines.push(['file', `${key} (${bytes} bytes)`]);
    lines.push(['hash', contentHash]);
  } else lines.push(['current', 'none']);
  return lines;
}

function printItems({ descriptor }: CurrentVersion): void {
  if (descriptor.items.length === 0) {
    console.log('items    none: the index of the day lists nothing');
    return;
  }
  printTable(
    [
      { name: 'item' },
      { name: 'state' },
      { name: 'rows', ...number },
      { name: 'checked' },
      { name: 'capture' },
    ],
    descriptor.items.map(({ id, state, rows, checkedAt, capture }) => ({
      item: id,
      state,
      rows,
      checked: checkedAt === 0 ? 'never' : timeText(checkedAt),
      capture,
    })),
  );
}
