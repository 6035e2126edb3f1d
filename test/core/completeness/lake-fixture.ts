import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { openDuckDbWarehouse } from '../../../adapters/local/duckdb-warehouse.ts';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { addDays, civilDate } from '../../../core/calendar/civil-date.ts';
import { runLogKey, targetTableKey } from '../../../core/lake/layout.ts';
import {
  type AttemptRow,
  attemptSchema,
  type CommitRow,
  commitSchema,
  type RunRow,
  runSchema,
} from '../../../core/lake/log-tables.ts';
import { writeParquet } from '../../../core/lake/parquet.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import { type TargetRow, targetTableSchema } from '../../../core/lake/target-table.ts';
import type { VersionDescriptor, VersionItem } from '../../../core/lake/version.ts';
import { cellsOf, columnsOf, type Row, tableColumns } from '../../../core/schema/columns.ts';
import type { Source } from '../../../core/source/source.ts';
import { localRelations } from '../../../runtime/local-relations.ts';
import { racing } from '../../../sources/racing/source.ts';

/** A lake and a state of their own in a temporary directory. */
export function openLake() {
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-audit-'));
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  const state = openSqliteStateStore(join(directory, 'state.sqlite'));
  const close = () => {
    lake.close();
    state.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { directory, lake, state, close };
}
export type Lake = ReturnType<typeof openLake>;

/** The time from which the views look back. */
export const NOW = Date.parse('2025-11-18T06:00:00Z');

/** The rows of one statement over the lake as it is at `NOW`. */
export async function query(
  lake: Lake['lake'],
  sql: string,
  sources: readonly Source[] = [racing],
): Promise<readonly Record<string, unknown>[]> {
  const warehouse = openDuckDbWarehouse({
    relations: await localRelations({ lake, sources, clock: { now: () => NOW } }),
  });
  try {
    return (await warehouse.query(sql)).rows;
  } finally {
    await warehouse.close();
  }
}

let files = 0;

/** Rows of the commits table; each call is a file of its own. */
export async function writeCommits(lake: Lake['lake'], rows: readonly CommitRow[]): Promise<void> {
  const key = runLogKey('commits', civilDate('2025-11-17'), `run-${files++}`);
  await lake.put(key, writeParquet(columnsOf(commitSchema()), rows));
}

export async function writeAttempts(
  lake: Lake['lake'],
  day: string,
  rows: readonly AttemptRow[],
): Promise<void> {
  const key = runLogKey('attempts', civilDate(day), `run-${files++}`);
  await lake.put(key, writeParquet(columnsOf(attemptSchema()), rows));
}

/** Replaces a day of the table of targets. */
export async function writeTargets(
  lake: Lake['lake'],
  source: string,
  day: string,
  rows: readonly TargetRow[],
): Promise<void> {
  const cells = rows.map((row) => cellsOf(targetTableSchema(), row));
  await lake.put(targetTableKey(source, civilDate(day)), writeParquet(columnsOf(targetTableSchema()), cells));
}

export async function writeRun(lake: Lake['lake'], start: string, end: string): Promise<void> {
  const run: RunRow = {
    run_id: `run-${files++}`,
    source: 'racing',
    status: 'succeeded',
    window_start: start,
    window_end: end,
    forced: false,
    started_at: `${end}T01:30:00.000Z`,
    finished_at: `${end}T01:31:00.000Z`,
    partitions: 7,
    committed: 7,
    unchanged: 0,
    held: 0,
    failed: 0,
    items_expected: 0,
    items_found: 0,
    items_carried: 0,
    items_failed: 0,
    items_pending: 0,
    items_without_result: 0,
    items_withdrawn: 0,
    attempts: 0,
    wire_bytes: 0,
    ...{ sequence: null, partition_values: null },
  };
  await lake.put(runLogKey('runs', civilDate(end), run.run_id), writeParquet(columnsOf(runSchema()), [run]));
}

/** A commit of twenty races, unless told otherwise. */
export function commit(
  target: string,
  date: string,
  recordedAt: string,
  change: Partial<CommitRow> = {},
): CommitRow {
  return {
    run_id: `run-${recordedAt}`,
    source: 'racing',
    table_name: racing.table.name,
    target,
    partition_date: date,
    status: 'committed',
    version: `version-${recordedAt}`,
    previous_version: null,
    standing_order: null,
    items_expected: 20,
    items_found: 20,
    items_unchanged: 0,
    items_empty: 0,
    items_carried: 0,
    items_failed: 0,
    items_pending: 0,
    items_abandoned: 0,
    items_void: 0,
    items_withdrawn: 0,
    rows: 180,
    rows_before: null,
    content_hash: 'hash',
    changed: true,
    reason: null,
    actor: 'run',
    recorded_at: new Date(`${recordedAt}Z`).toISOString(),
    ...{ items_repeated: null, fresh: null, settled_run: null, day_over_at: null },
    ...change,
  };
}

export const PARTITION = { value: 'gb', date: civilDate('2025-11-17') };

/** A row as `publish` stamps it; columns that do not matter here are null or zero. */
export function runner(raceId: string, horseId: string): Row {
  const empty = tableColumns(racing.table.schema).map(({ name, type, nullable }) => [
    name,
    nullable ? null : type === 'string' ? 'x' : type === 'timestamp' ? '2025-11-17T01:30:00.000Z' : 0,
  ]);
  return { ...Object.fromEntries(empty), race_id: raceId, horse_id: horseId };
}

/** Commits a version of one race with these rows, over whatever is current. */
export async function publish(
  lake: Lake['lake'],
  day: number,
  rows: readonly Row[],
  version = `v${files++}`,
): Promise<VersionDescriptor> {
  const partition = { ...PARTITION, date: addDays(PARTITION.date, day) };
  const store = new PartitionVersions(lake, racing.table, partition);
  const current = await store.current();
  const item: VersionItem = {
    id: 'race',
    url: '/race',
    state: 'found',
    rows: rows.length,
    checkedAt: 1,
    parserVersion: 1,
    capture: null,
  };
  const descriptor = await store.write({
    version,
    previous: current?.descriptor.version ?? null,
    runId: 'run-1',
    createdAt: '2025-11-17T01:30:00.000Z',
    decision: 'commit',
    reason: null,
    parserVersion: 1,
    index: { url: '/index', checkedAt: 1, parserVersion: 1, capture: null },
    items: [item],
    rows,
  });
  if ((await store.commit(descriptor, current?.manifestEtag, 'run-1', descriptor.createdAt)) === 'lost')
    throw new Error('lost');
  return descriptor;
}
