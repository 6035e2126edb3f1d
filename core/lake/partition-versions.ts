import type { ObjectStore } from '../ports/object-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import { type Column, type Row, tableColumns } from '../schema/columns.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { Partition, Table } from '../source/source.ts';
import {
  type CarriedRows,
  carriedRows,
  castRows,
  hasTodaysColumns,
  type StoredRows,
} from './carried-rows.ts';
import { contentHash } from './content-hash.ts';
import { writeCsv } from './csv.ts';
import { type Mend, mendText } from './damage.ts';
import { csvKey, dataKey, dataPrefix, descriptorKey, manifestKey } from './layout.ts';
import {
  CorruptLakeError,
  type CurrentVersion,
  corruptPartition,
  NewerLakeError,
  putManifest,
  readCurrent,
  readDescriptor,
  unlessCorrupt,
} from './manifest.ts';
import { FOOTER_END, footerLength, readParquet, storedColumns, writeParquet } from './parquet.ts';
import { encodeDescriptor, fileHash, type VersionDescriptor, type VersionItem } from './version.ts';

/** What a new version is made of. */
export interface NewVersion
  extends Pick<
      VersionDescriptor,
      'version' | 'runId' | 'createdAt' | 'decision' | 'reason' | 'index' | 'items'
    >,
    Partial<Pick<VersionDescriptor, 'withdrawn' | 'repeated'>> {
  readonly previous: string | null;
  /** Of the source that writes it. */
  readonly parserVersion: number;
  readonly rows: readonly Row[];
  /** Of the rows, where it is known already. */
  readonly contentHash?: string | undefined;
}

/** One partition of one table in the lake: its versions, which of them is current, and its CSV export. */
export class PartitionVersions {
  readonly #lake: ObjectStore;
  readonly #table: Table;
  readonly #partition: Partition;
  readonly #columns: readonly Column[];

  constructor(lake: ObjectStore, table: Table, partition: Partition) {
    this.#lake = lake;
    this.#table = table;
    this.#partition = partition;
    this.#columns = tableColumns(table.schema);
  }

  /**
   * A version of before schemas were kept has today's where its files have the columns of today; otherwise it
   * has none.
   */
  async current(): Promise<CurrentVersion | undefined> {
    const current = await readCurrent(this.#lake, this.#table, this.#partition);
    if (!current || current.descriptor.schema) return current;
    const { descriptor } = current;
    const columns = await this.columns(descriptor);
    if (!columns || !hasTodaysColumns(columns, this.#table)) return current;
    const { parserVersion } = descriptor.index;
    const schema = { parserVersion, ...tableSchema(this.#table) };
    return { ...current, descriptor: { ...descriptor, schema } };
  }

  /**
   * As the files of a version have them, by the end of one alone; undefined where it is no such file: whoever
   * reads its rows says so.
   */
  async columns({ files }: VersionDescriptor): Promise<Column[] | undefined> {
    const { key, bytes } = files[0]!;
    try {
      const end = await this.#lake.getRange(key, bytes - FOOTER_END, FOOTER_END);
      if (!end) return undefined;
      const length = footerLength(end);
      const tail = await this.#lake.getRange(key, bytes - length, length);
      return tail && storedColumns(tail);
    } catch (error) {
      if (error instanceof StorageError) throw error;
      return undefined;
    }
  }

  /** True where it was written with the schema that the code has today. */
  isOfToday({ schema }: VersionDescriptor): boolean {
    return schema?.fingerprint === tableSchema(this.#table).fingerprint;
  }

  /**
   * What is current as far as it can be read, and the etag to commit over: a damaged manifest can be replaced
   * as well. Throws a NewerLakeError for what a later Rescrape wrote: that is not damaged.
   */
  async currentOrBroken(): Promise<{
    readonly current: VersionDescriptor | undefined;
    readonly etag: string | undefined;
  }> {
    try {
      const current = await this.current();
      return { current: current?.descriptor, etag: current?.manifestEtag };
    } catch (error) {
      if (!(error instanceof CorruptLakeError) || error instanceof NewerLakeError) throw error;
      const head = await this.#lake.head(manifestKey(this.#table, this.#partition));
      return { current: undefined, etag: head?.etag };
    }
  }

  /** True where nobody has committed since it was read. */
  async isCurrent({ manifestEtag }: CurrentVersion): Promise<boolean> {
    return (await this.#lake.head(manifestKey(this.#table, this.#partition)))?.etag === manifestEtag;
  }

  descriptor(version: string): Promise<VersionDescriptor> {
    return readDescriptor(this.#lake, this.#table, this.#partition, version);
  }

  /** Every version that was ever written here, not yet collected and still readable, oldest first. */
  async versions(): Promise<VersionDescriptor[]> {
    const prefix = dataPrefix(this.#table, this.#partition);
    const versions: VersionDescriptor[] = [];
    for await (const { key } of this.#lake.list(`${prefix}_`)) {
      const version = key.slice(prefix.length + 1, -'.json'.length);
      // One damaged descriptor must not hide the versions that a rollback can go back to.
      const descriptor = await this.descriptor(version).catch(unlessCorrupt);
      if (descriptor) versions.push(descriptor);
    }
    return versions;
  }

  /**
   * The rows of a version, in today's schema. Throws a CorruptLakeError that names the file where it cannot
   * be read, or holds what today's columns cannot.
   */
  async rows(descriptor: VersionDescriptor): Promise<Row[]> {
    const stored = await this.#stored(descriptor);
    if (this.isOfToday(descriptor)) return [...stored.rows];
    const cast = castRows(stored, this.#table);
    if (Array.isArray(cast)) return cast;
    const { column, from, to, value } = cast;
    const { key } = descriptor.files[0]!;
    const types = from === null || from === to ? `${to}, required` : `${to}, and was ${from}`;
    const told = value === null ? 'there is none' : `${JSON.stringify(value)} would not be the same`;
    const problem = `column ${column} of table ${this.#table.name} (${types}): ${told} in ${key}`;
    const mends: Mend[] = [{ kind: 'force' }, { kind: 'reparse' }];
    const message = `${problem}: ${mendText(mends, this.#table, this.#partition)}`;
    throw new CorruptLakeError(message, { problem, mends });
  }

  /** The rows of these items in today's schema, or why they cannot be had. Throws as `rows` does. */
  async carried(descriptor: VersionDescriptor, items: readonly VersionItem[]): Promise<CarriedRows> {
    return carriedRows(descriptor, await this.#stored(descriptor), this.#table, items);
  }

  /** One write makes all files of a version: they have the same columns. */
  async #stored(descriptor: VersionDescriptor): Promise<StoredRows> {
    let columns: readonly Column[] = [];
    const rows: Row[] = [];
    for (const file of descriptor.files) {
      const bytes = await this.#read(descriptor.version, file);
      columns = this.isOfToday(descriptor) ? this.#columns : storedColumns(bytes);
      for (const row of await readParquet(bytes, columns)) rows.push(row);
    }
    return { columns, rows };
  }

  async #read(version: string, { key, sha256 }: VersionDescriptor['files'][number]): Promise<Uint8Array> {
    const stored = await this.#lake.get(key);
    if (stored && fileHash(stored.body) === sha256) return stored.body;
    const place = { lake: this.#lake, table: this.#table, partition: this.#partition };
    throw await corruptPartition(`${key} is ${stored ? 'damaged' : 'missing'}`, 'file', place, version);
  }

  /**
   * What is wrong with the files of the version; undefined where each is there and has the bytes that were
   * written.
   */
  async damage(descriptor: VersionDescriptor): Promise<CorruptLakeError | undefined> {
    try {
      for (const file of descriptor.files) await this.#read(descriptor.version, file);
      return undefined;
    } catch (error) {
      if (error instanceof CorruptLakeError) return error;
      throw error;
    }
  }

  hash(rows: readonly Row[]): string {
    return contentHash(this.#columns, rows);
  }

  /**
   * Writes the files of a version and its descriptor, under names that nobody else uses. Nothing is current
   * yet, so neither has to come first.
   */
  async write({ rows, parserVersion, contentHash: hash, ...next }: NewVersion): Promise<VersionDescriptor> {
    const key = dataKey(this.#table, this.#partition, next.version, 0);
    const bytes = writeParquet(this.#columns, rows, { _committed_at: next.createdAt });
    const descriptor: VersionDescriptor = {
      withdrawn: [],
      repeated: [],
      ...next,
      formatVersion: 1,
      files: [{ key, rows: rows.length, bytes: bytes.length, sha256: fileHash(bytes) }],
      rows: rows.length,
      contentHash: hash ?? this.hash(rows),
      schema: { parserVersion, ...tableSchema(this.#table) },
    };
    const descriptorAt = descriptorKey(this.#table, this.#partition, next.version);
    await Promise.all([
      this.#lake.put(key, bytes, { durable: true }),
      this.#lake.put(descriptorAt, encodeDescriptor(descriptor), { durable: true }),
    ]);
    return descriptor;
  }

  /**
   * Makes a written version current where `over`, the etag of the manifest that was read, still is. `lost`:
   * somebody else committed in between.
   */
  commit(
    descriptor: VersionDescriptor,
    over: string | undefined,
    by: string,
    at: string,
  ): Promise<'committed' | 'lost'> {
    return putManifest(this.#lake, this.#table, this.#partition, descriptor, { over, by, at });
  }

  /**
   * Writes the CSV export of a version, where the export is not of that version already. With `rows` the
   * version was committed a moment ago, so that it cannot be.
   * It follows the commit: a crash between the two is mended by whoever comes next.
   */
  async exportCsv(descriptor: VersionDescriptor, rows?: readonly Row[]): Promise<void> {
    if (!this.#table.csv) return;
    const key = csvKey(this.#table, this.#partition);
    if (!rows && (await this.#lake.head(key))?.metadata.version === descriptor.version) return;
    const { value, date } = this.#partition;
    const [valueColumn] = this.#table.partitionBy;
    const columns: Column[] = [
      { name: valueColumn, type: 'string', nullable: false },
      { name: 'date', type: 'date', nullable: false },
      ...this.#columns,
    ];
    const same = { [valueColumn]: value, date, ...(rows && { _committed_at: descriptor.createdAt }) };
    const csv = writeCsv(columns, rows ?? (await this.rows(descriptor)), same);
    await this.#lake.put(key, csv, {
      contentType: 'text/csv; charset=utf-8',
      metadata: { version: descriptor.version },
    });
  }
}
