import { advise } from '../advice/advise.ts';
import type { CivilDate } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import { manifestPrefix, partitionName, partitionOfManifest } from '../lake/layout.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { StateStore } from '../ports/state-store.ts';
import { byValue, targetsNamed } from '../source/partition.ts';
import type { Partition, Source } from '../source/source.ts';
import { type PartitionRecord, PartitionStore } from '../state/partition-store.ts';
import { targetsOf } from '../targets/register.ts';
import type { LakeFinding } from './lake-finding.ts';
import { checkPartition } from './partition-check.ts';

/** What the lake itself says, file by file. Plain JSON. */
export interface LakeCheck {
  readonly partitions: number;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  /** Empty where every current version is whole. */
  readonly findings: readonly LakeFinding[];
}

export interface LakeCheckQuery extends DateRange {
  /** Targets of the source; all of them where it is left out. */
  readonly targets?: readonly string[];
}

/**
 * Reads every current version of the range to its last row, and holds it against what its commit put on
 * record. Holds one partition at a time. Whatever is wrong is a finding; versions that no manifest names are
 * fine. A run that commits meanwhile may show as `register_differs` for a moment.
 */
export async function checkLake(
  stores: { readonly lake: ObjectStore; readonly state: StateStore },
  source: Source,
  query: LakeCheckQuery,
): Promise<LakeCheck> {
  const total = { partitions: 0, files: 0, rows: 0, bytes: 0, findings: [] as LakeFinding[] };
  const named = targetsNamed(source, await targetsOf(stores.state, source), query.targets);
  for (const value of 'unknown' in named ? [] : byValue(source, named).keys()) {
    const lastRefreshes = await committedRefreshes(stores.state, source, value, query);
    const { table } = source;
    for await (const { key } of stores.lake.list(
      `${manifestPrefix(table)}${table.partitionBy[0]}=${value}/`,
    )) {
      const partition = partitionOfManifest(table, key);
      if (!partition) {
        total.findings.push(strayObject(key));
        continue;
      }
      if (partition.date < query.start || partition.date > query.end) continue;
      const checked = await checkPartition(stores.lake, source, partition, lastRefreshes.get(partition.date));
      lastRefreshes.delete(partition.date);
      total.partitions += 1;
      total.files += checked.files;
      total.rows += checked.rows;
      total.bytes += checked.bytes;
      total.findings.push(...checked.findings);
    }
    for (const date of lastRefreshes.keys()) total.findings.push(manifestMissing(source, { value, date }));
  }
  return total;
}

async function committedRefreshes(
  state: StateStore,
  source: Source,
  value: string,
  { start, end }: DateRange,
): Promise<Map<CivilDate, PartitionRecord>> {
  const lastRefreshes = new Map<CivilDate, PartitionRecord>();
  for await (const lastRefresh of new PartitionStore(state).range(source.table.name, value, start, end)) {
    if (lastRefresh.version !== null) lastRefreshes.set(lastRefresh.date, lastRefresh);
  }
  return lastRefreshes;
}

function strayObject(key: string): LakeFinding {
  return {
    partition: key,
    code: 'stray_object',
    problem: `${key} stands among the manifests and is none`,
    next: advise({ kind: 'lake-problem', code: 'stray_object', place: null }),
  };
}

function manifestMissing(source: Source, partition: Partition): LakeFinding {
  const place = { source: source.name, partition };
  return {
    partition: partitionName(source.name, partition),
    code: 'manifest_missing',
    problem: 'its manifest is gone, although a version was committed',
    next: advise({ kind: 'lake-problem', code: 'manifest_missing', place }),
  };
}
