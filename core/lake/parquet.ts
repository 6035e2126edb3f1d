import { createRequire } from 'node:module';
import { zstdDecompressSync } from 'node:zlib';
import type { ParquetColumn } from '../parquet/format.ts';
import { ParquetFileWriter } from '../parquet/parquet-file.ts';
import type { Cell, Column, ColumnType, Row } from '../schema/columns.ts';
import { columnValues } from './column-values.ts';

type StoredType = Pick<ParquetColumn, 'type' | 'converted'>;
const STORED_TYPES: Readonly<Record<ColumnType, StoredType>> = {
  string: { type: 'BYTE_ARRAY', converted: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted: 'UTF8' },
  decimal: { type: 'INT64', converted: 'DECIMAL' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  date: { type: 'INT32', converted: 'DATE' },
  timestamp: { type: 'INT64', converted: 'TIMESTAMP_MILLIS' },
};

/** Rows of a row group of a file that is written at once. */
const GROUP_ROWS = 100_000;

/**
 * One whole Parquet file, zstd; `same`: cells of all rows. The same rows always give the same bytes. No rows
 * is a valid file.
 */
export function writeParquet(columns: readonly Column[], rows: readonly Row[], same: Row = {}): Uint8Array {
  const file = new ParquetFileWriter(columns.map(storedColumn));
  for (let at = 0; at < rows.length; at += GROUP_ROWS)
    writeGroup(file, columns, rows.slice(at, at + GROUP_ROWS), same);
  return file.end();
}

/** A Parquet file that grows a row at a time; of its rows it holds no more than one row group as such. */
export class ParquetFile {
  readonly #columns: readonly Column[];
  readonly #groupRows: number;
  readonly #file: ParquetFileWriter;
  #group: Row[] = [];
  #rows = 0;

  constructor(columns: readonly Column[], groupRows: number) {
    this.#columns = columns;
    this.#groupRows = groupRows;
    this.#file = new ParquetFileWriter(columns.map(storedColumn));
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    this.#group.push(row);
    this.#rows++;
    if (this.#group.length >= this.#groupRows) this.#endGroup();
  }

  /** The whole file. Nothing can be added any more. */
  end(): Uint8Array {
    if (this.#group.length > 0) this.#endGroup();
    return this.#file.end();
  }

  #endGroup(): void {
    writeGroup(this.#file, this.#columns, this.#group, {});
    this.#group = [];
  }
}

function writeGroup(
  file: ParquetFileWriter,
  columns: readonly Column[],
  rows: readonly Row[],
  same: Row,
): void {
  file.writeGroup(rows.length, (at) => columnValues(columns[at]!, rows, same));
}

function storedColumn({ name, type, nullable, precision, scale }: Column): ParquetColumn {
  const digits = type === 'decimal' && { precision: precision!, scale: scale! };
  return { name, ...STORED_TYPES[type], ...digits, optional: nullable };
}

/**
 * hyparquet's own takes a byte order mark at the start of a cell away, and the rows would not be those that
 * were written.
 */
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Every row of a file that was written here. Throws where the bytes are no such file. */
export async function readParquet(bytes: Uint8Array, columns: readonly Column[]): Promise<Row[]> {
  return (await Array.fromAsync(parquetGroups(bytes, columns))).flat();
}

/** The rows of such a file, one row group after the other: of a long one, a part is in memory. */
export async function* parquetGroups(
  bytes: Uint8Array,
  columns: readonly Column[],
): AsyncGenerator<readonly Row[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const { parquetMetadata, parquetReadObjects } = readerLibrary();
  const metadata = parquetMetadata(file);
  const stored = new Set(metadata.schema.map(({ name }) => name));
  const wanted = columns.flatMap(({ name }) => (stored.has(name) ? [name] : []));
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: wanted,
      rowStart,
      rowEnd,
      compressors: { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) },
      parsers: { stringFromBytes: (text: Uint8Array) => text && UTF8.decode(text) },
    });
    rowStart = rowEnd;
    yield rows.map((row) => {
      const decoded: Record<string, Cell> = {};
      // A column that the file does not have yet (the schema has grown) reads as null.
      for (const column of columns) decoded[column.name] = decode(column, row[column.name]);
      return decoded;
    });
  }
}

/** Bytes behind the metadata of a file: its length, and the mark of the format. */
export const FOOTER_END = 8;

/** Bytes from the metadata of a file to its end; `end`: its last `FOOTER_END` bytes. */
export function footerLength(end: Uint8Array): number {
  const length = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
  return length + FOOTER_END;
}

/**
 * The columns of a file that was written here; `tail`: the file, or its end from the metadata on. Of text it
 * does not say whether it is JSON. Throws where the bytes are no such file.
 */
export function storedColumns(tail: Uint8Array): Column[] {
  const [, ...elements] = readerLibrary().parquetMetadata(tail).schema;
  return elements.map(({ name, type, converted_type, repetition_type, precision, scale }): Column => {
    const found = Object.entries(STORED_TYPES).find(
      ([, stored]) => stored.type === type && stored.converted === converted_type,
    );
    if (!found) throw new Error(`column ${name} has a type that this Rescrape does not read`);
    const known = found[0] as ColumnType;
    const digits = known === 'decimal' && { precision: precision!, scale: scale ?? 0 };
    return { name, type: known, nullable: repetition_type !== 'REQUIRED', ...digits };
  });
}

function decode({ type, scale = 0 }: Column, value: unknown): Cell {
  if (value === undefined || value === null) return null;
  // Read as units times a power of ten, which is not the nearest number of that many digits.
  if (type === 'decimal') return Number((value as number).toFixed(scale));
  if (type === 'date') return (value as Date).toISOString().slice(0, 10);
  if (type === 'timestamp') return (value as Date).toISOString();
  return typeof value === 'bigint' ? Number(value) : (value as Cell);
}

/** Loaded by the first file that is read: functions that only fetch pages meet none. */
function readerLibrary(): typeof import('hyparquet') {
  return createRequire(import.meta.url)('hyparquet');
}
