import { type CivilDate, parseCivilDate } from '../calendar/civil-date.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { isIdentifier } from '../source/identifier.ts';
import type { Partition, Table } from '../source/source.ts';

/**
 * Where everything is in the lake (design, section 7). Every key of the lake is built here and nowhere else.
 */

/** `country=gb/date=2026-11-17` */
export function partitionPath(table: Table, partition: Partition): string {
  return `${table.partitionBy[0]}=${partition.value}/date=${partition.date}`;
}

/** `racing/gb/2026-11-17`: how people name a partition, on the command line and in reports. */
export function partitionName(source: string, partition: Partition): string {
  return `${source}/${partition.value}/${partition.date}`;
}

/** `racing/gb/2026-11-17/4711`: how people name an item of a partition. */
export function itemName({ source, value, date, item }: NamedItem): string {
  return `${source}/${value}/${date}/${item}`;
}

/** What failures and messages say of their item, each in its own type of date. */
interface NamedItem {
  readonly source: string;
  readonly value: string;
  readonly date: string;
  readonly item: string;
}

/** Reads `racing/gb/2026-11-17` back; undefined where the text is no such name. */
export function parsePartitionName(text: string): { source: string; partition: Partition } | undefined {
  const [source, value, day, ...rest] = text.split('/');
  const date = parseCivilDate(day ?? '');
  if (!source || !value || !date || rest.length > 0 || !isIdentifier(source) || !isIdentifier(value))
    return undefined;
  return { source, partition: { value, date } };
}

export function dataPrefix(table: Table, partition: Partition): string {
  return `data/${table.name}/${partitionPath(table, partition)}/`;
}

export function dataKey(table: Table, partition: Partition, version: string, part: number): string {
  return `${dataPrefix(table, partition)}${version}-${part}.parquet`;
}

/** What a version is made of, beside its files. The underscore hides it from engines that scan the folder. */
export function descriptorKey(table: Table, partition: Partition, version: string): string {
  return `${dataPrefix(table, partition)}_${version}.json`;
}

/** Which schemas each table was written with: one object a table. No table has a name like the folder's. */
export function schemaHistoryPrefix(): string {
  return 'data/_schemas/';
}

export function schemaHistoryKey(table: string): string {
  return `${schemaHistoryPrefix()}${table}.json`;
}

export function manifestPrefix(table: Pick<Table, 'name'>): string {
  return `tables/${table.name}/`;
}

export function manifestKey(table: Table, partition: Partition): string {
  return `${manifestPrefix(table)}${partitionPath(table, partition)}/manifest`;
}

/** Reads the partition back from a manifest's key; undefined where it is no manifest of the table. */
export function partitionOfManifest(table: Table, key: string): Partition | undefined {
  const found = manifestPlace(table, key);
  return found?.column === table.partitionBy[0] ? found.partition : undefined;
}

/** As above, with the column by which the table was divided when it was written. */
export function manifestPlace(
  { name }: Pick<Table, 'name'>,
  key: string,
): { readonly column: string; readonly partition: Partition } | undefined {
  const match = /^tables\/([^/]+)\/([^/=]+)=([^/]+)\/date=([^/]+)\/manifest$/.exec(key);
  const date = parseCivilDate(match?.[4] ?? '');
  if (!match || !date || match[1] !== name) return undefined;
  return { column: match[2]!, partition: { value: match[3]!, date } };
}

export function captureKey(source: string, partition: Partition, runId: string, part: number): string {
  return `captures/${source}/date=${partition.date}/${runId}/${source}.${partition.value}.${partition.date}-${part}.warc.gz`;
}

/** The WARC files of one partition, from every run that is still kept, oldest run first. */
export async function* captureFiles(
  lake: Pick<ObjectStore, 'list'>,
  source: string,
  partition: Partition,
): AsyncGenerator<{ readonly key: string; readonly runId: string }> {
  const prefix = `captures/${source}/date=${partition.date}/`;
  const own = `${source}.${partition.value}.${partition.date}-`;
  for await (const { key } of lake.list(prefix)) {
    const [runId, file] = key.slice(prefix.length).split('/');
    if (runId !== undefined && file?.startsWith(own)) yield { key, runId };
  }
}

/** The append-only tables. One file a run, under the UTC date of the run; written when the run ends. */
export type LogTable = 'attempts' | 'commits' | 'runs' | 'enrichments' | 'extraction_books';
/**
 * Those of which each partition keeps its own files as well, so that a question about it reads nothing else.
 */
export type PartitionLogTable = 'attempts' | 'commits';

/** What query engines read of an append-only table: nothing else of it lies under a folder of this name. */
export function runLogPrefix(table: LogTable): string {
  return `${table}/run_date=`;
}

export function runLogKey(table: LogTable, day: CivilDate, runId: string): string {
  return `${runLogPrefix(table)}${day}/${runId}.parquet`;
}

/**
 * What runs and persons did to one partition. The underscore hides it from engines that scan the table's
 * folder.
 */
export function partitionLogPrefix(table: PartitionLogTable, source: string, partition: Partition): string {
  return `${table}/_partitions/${source}/${partition.value}/${partition.date}/`;
}

/** `day`: of the run. What a run adds later is another part. */
export function partitionLogKey(
  table: PartitionLogTable,
  day: CivilDate,
  source: string,
  partition: Partition,
  runId: string,
  part = 0,
): string {
  return `${partitionLogPrefix(table, source, partition)}run_date=${day}/${runId}-${part}.jsonl.gz`;
}

/**
 * Where versions before kept a file a partition and run, or a run; such files are read as long as they are
 * there.
 */
export function earlierLogPrefix(table: LogTable): string {
  return `${table}/date=`;
}

/** The partition in the name of such a file: `<run>-racing.gb.2026-11-17-0.parquet`. */
export function earlierPartitionName(source: string, partition: Partition): string {
  return `${source}.${partition.value}.${partition.date}`;
}

export function earlierRunLogKey(day: CivilDate, runId: string): string {
  return `${earlierLogPrefix('runs')}${day}/${runId}.parquet`;
}

/** The objects of the table `targets`, of one source or of all. */
export function targetTablePrefix(source?: string): string {
  return source === undefined ? 'targets/' : `targets/source=${source}/`;
}

/** The one object of a day of the table `targets`: writing it again replaces the day. */
export function targetTableKey(source: string, date: CivilDate): string {
  return `${targetTablePrefix(source)}date=${date}/targets.parquet`;
}

/** The date in such a key; undefined where it is none. */
export function dateOfTargetTable(key: string): CivilDate | undefined {
  return parseCivilDate(/^targets\/source=[^/]+\/date=([^/]+)\/targets\.parquet$/.exec(key)?.[1] ?? '');
}

export function csvKey(table: Table, partition: Partition): string {
  return `exports/csv/${table.name}/${partition.value}/${partition.date.replaceAll('-', '_')}.csv`;
}

export function workPrefix(runId: string): string {
  return `work/${runId}/`;
}

export function planKey(runId: string): string {
  return `${workPrefix(runId)}plan.jsonl`;
}

/** Everything that one run keeps of one partition until it is published. */
export function partitionWorkPrefix(runId: string, source: string, partition: Partition): string {
  return `${workPrefix(runId)}${source}/${partition.value}/${partition.date}/`;
}

/** All that runs keep for themselves, or all that one run keeps. */
export function workRoot(runId?: string): string {
  return runId === undefined ? 'work/' : workPrefix(runId);
}

/** Whose work an object under `work/` is; undefined for what belongs to a run as a whole. */
export function workPartitionOf(
  key: string,
): { source: string; runId: string; partition: Partition } | undefined {
  const [, runId, source, value, day] = key.split('/');
  const date = parseCivilDate(day ?? '');
  return runId && source && value && date ? { runId, source, partition: { value, date } } : undefined;
}

export function reportKey(runId: string, format: 'md' | 'html'): string {
  return `reports/${runId}/report.${format}`;
}
