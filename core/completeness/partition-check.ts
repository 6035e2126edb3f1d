import { advise } from '../advice/advise.ts';
import type { Step } from '../advice/step.ts';
import { type DamageKind, mendsOf } from '../lake/damage.ts';
import type { LakeProblem } from '../lake/lake-problem.ts';
import { manifestKey, partitionName } from '../lake/layout.ts';
import { CorruptLakeError, manifestFiles, NewerLakeError, readDescriptor } from '../lake/manifest.ts';
import { readParquet, storedColumns } from '../lake/parquet.ts';
import { fileHash, type VersionDescriptor } from '../lake/version.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import type { Row } from '../schema/columns.ts';
import type { Partition, Source } from '../source/source.ts';
import type { PartitionRecord } from '../state/partition-store.ts';
import type { LakeFinding } from './lake-finding.ts';

export interface PartitionCheck {
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly findings: readonly LakeFinding[];
}

/**
 * Reads the current version of one partition as a query engine would, and judges it. Never throws for what it
 * finds.
 */
export async function checkPartition(
  lake: ObjectStore,
  source: Source,
  partition: Partition,
  lastRefresh: PartitionRecord | undefined,
): Promise<PartitionCheck> {
  const check = new Check(lake, source, partition);
  try {
    await check.run(lastRefresh);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    check.find('store_failed', error.message);
  }
  return check.advised();
}

class Check {
  readonly #lake: ObjectStore;
  readonly #source: Source;
  readonly #partition: Partition;
  files = 0;
  rows = 0;
  bytes = 0;
  readonly #found: { readonly code: LakeProblem; readonly problem: string }[] = [];
  #version: string | undefined;

  constructor(lake: ObjectStore, source: Source, partition: Partition) {
    this.#lake = lake;
    this.#source = source;
    this.#partition = partition;
  }

  find(code: LakeProblem, problem: string): void {
    this.#found.push({ code, problem });
  }

  async advised(): Promise<PartitionCheck> {
    const { files, rows, bytes } = this;
    const partition = partitionName(this.#source.name, this.#partition);
    const findings: LakeFinding[] = [];
    for (const { code, problem } of this.#found)
      findings.push({ partition, code, problem, next: await this.#adviceFor(code) });
    return { files, rows, bytes, findings };
  }

  async #adviceFor(code: LakeProblem): Promise<readonly Step[]> {
    const { name, table } = this.#source;
    const kind = DAMAGES[code];
    const place = { source: name, partition: this.#partition };
    if (kind === undefined) return advise({ kind: 'lake-problem', code, place });
    const mends = await mendsOf(this.#lake, table, this.#partition, kind, this.#version);
    return advise({ kind: 'damage', mends, ...place });
  }

  async run(lastRefresh: PartitionRecord | undefined): Promise<void> {
    const keys = await this.#manifest();
    if (!keys) return;
    const version = versionOf(keys);
    this.#version = version;
    this.#compareRecord(lastRefresh, version);
    const descriptor = await this.#descriptor(version);
    if (!descriptor) return;
    const recorded = descriptor.files.map(({ key }) => key);
    if (keys.join('\n') !== recorded.join('\n')) {
      this.find('files_differ', `the manifest names ${keys.join(', ')}, its version ${recorded.join(', ')}`);
      return;
    }
    const rows: Row[] = [];
    for (const file of descriptor.files) {
      const read = await this.#file(file, this.#rowKey(descriptor));
      if (!read) return;
      for (const row of read) rows.push(row);
    }
    this.rows = rows.length;
    this.#judgeRows(rows, descriptor);
  }

  async #manifest(): Promise<string[] | undefined> {
    const { table } = this.#source;
    const key = manifestKey(table, this.#partition);
    const manifest = await this.#lake.get(key);
    if (!manifest) {
      this.find('manifest_missing', `${key} is gone`);
      return undefined;
    }
    try {
      return manifestFiles(manifest, table, this.#partition, key);
    } catch (error) {
      if (!(error instanceof CorruptLakeError)) throw error;
      if (error instanceof NewerLakeError) this.find('newer_format', error.message);
      else this.find('manifest_unreadable', `${key} is no manifest of this partition`);
      return undefined;
    }
  }

  async #descriptor(version: string): Promise<VersionDescriptor | undefined> {
    try {
      return await readDescriptor(this.#lake, this.#source.table, this.#partition, version);
    } catch (error) {
      if (!(error instanceof CorruptLakeError)) throw error;
      if (error instanceof NewerLakeError) this.find('newer_format', error.message);
      else
        this.find('descriptor_unreadable', `the descriptor of its version ${version} is missing or damaged`);
      return undefined;
    }
  }

  #compareRecord(lastRefresh: PartitionRecord | undefined, version: string): void {
    if (lastRefresh?.version === version) return;
    const recorded = lastRefresh ? `version ${lastRefresh.version}` : 'no version';
    this.find(
      'register_differs',
      `its manifest names version ${version}, the record of the partition ${recorded}`,
    );
  }

  /** By which the rows were told apart when they were written. */
  #rowKey({ schema }: VersionDescriptor): readonly string[] {
    return (schema?.shape ?? this.#source.table).rowKey;
  }

  /**
   * What is judged of the rows of a file: their key and their commit. Undefined, and a finding, where it is
   * not the file that was committed: all else in it is told by its hash.
   */
  async #file(
    { key, bytes, sha256, rows }: VersionDescriptor['files'][number],
    rowKey: readonly string[],
  ): Promise<Row[] | undefined> {
    const stored = await this.#lake.get(key);
    if (!stored) {
      this.find('file_missing', `${key} is missing`);
      return undefined;
    }
    this.files += 1;
    this.bytes += stored.body.length;
    if (stored.body.length !== bytes) {
      this.find('file_damaged', `${key} has ${stored.body.length} bytes, committed were ${bytes}`);
      return undefined;
    }
    if (fileHash(stored.body) !== sha256) {
      this.find('file_damaged', `${key} has other bytes than were committed`);
      return undefined;
    }
    try {
      const columns = storedColumns(stored.body);
      const judged = columns.filter(({ name }) => name === '_committed_at' || rowKey.includes(name));
      const read = await readParquet(stored.body, judged.length > 0 ? judged : columns);
      if (read.length !== rows)
        this.find('rows_differ', `${key} has ${read.length} rows, committed were ${rows}`);
      return read;
    } catch {
      this.find('file_damaged', `${key} is no readable Parquet file`);
      return undefined;
    }
  }

  #judgeRows(rows: readonly Row[], descriptor: VersionDescriptor): void {
    if (rows.length !== descriptor.rows) {
      this.find('rows_differ', `${rows.length} rows, committed were ${descriptor.rows}`);
    }
    const rowKey = this.#rowKey(descriptor);
    // Unknown where its columns were others then.
    const isKnown = rowKey.every((column) => rows[0] === undefined || column in rows[0]);
    const seen = new Set<string>();
    let first: Row | undefined;
    for (const row of isKnown ? rows : []) {
      const before = seen.size;
      seen.add(JSON.stringify(rowKey.map((column) => row[column])));
      if (seen.size === before) first ??= row;
    }
    if (first) {
      const key = rowKey.map((column) => `${column}=${JSON.stringify(first[column])}`).join(', ');
      this.find(
        'duplicate_rows',
        `${rows.length - seen.size} of ${rows.length} rows are there twice, first ${key}`,
      );
    }
    const commits = new Set(rows.map((row) => row._committed_at));
    if (commits.size > 1)
      this.find('mixed_versions', `its rows come from ${commits.size} commits, not from one`);
  }
}

/** `data/<table>/<k>=<v>/date=<d>/<version>-<n>.parquet` */
function versionOf(keys: readonly string[]): string {
  const name = keys[0]?.split('/').at(-1) ?? '';
  return name.slice(0, name.lastIndexOf('-'));
}

const DAMAGES: Readonly<Partial<Record<LakeProblem, DamageKind>>> = {
  manifest_missing: 'manifest-gone',
  manifest_unreadable: 'manifest',
  descriptor_unreadable: 'descriptor',
  files_differ: 'files-differ',
  file_missing: 'file',
  file_damaged: 'file',
  rows_differ: 'file',
  duplicate_rows: 'file',
  mixed_versions: 'file',
};
