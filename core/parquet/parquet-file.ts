import { Bytes } from './bytes.ts';
import { type ColumnChunk, type ColumnValues, ColumnWriter } from './column-chunk.ts';
import {
  CONVERTED_TYPES,
  DATA_PAGE_V2,
  DICTIONARY_PAGE,
  type ParquetColumn,
  PHYSICAL_TYPES,
  PLAIN,
  REPETITION,
  RLE_DICTIONARY,
  ZSTD,
} from './format.ts';
import type { Statistics } from './statistics.ts';
import { ThriftWriter } from './thrift.ts';

/** `PAR1`, at both ends. */
const MAGIC = 0x31524150;
const VERSION = 2;
const CREATED_BY = 'rescrape';

interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly ColumnChunk[];
}

/**
 * A Parquet file of a flat table, a row group at a time: zstd, DATA_PAGE_V2, a dictionary where it pays,
 * bounds of each chunk. Only what this needs of the format is written; hyparquet-writer, which writes all of
 * it, took three times as long for the tables of a day.
 */
export class ParquetFileWriter {
  readonly #columns: readonly ParquetColumn[];
  readonly #out = new Bytes(32_768);
  readonly #writer = new ColumnWriter(this.#out);
  readonly #groups: RowGroup[] = [];

  constructor(columns: readonly ParquetColumn[]) {
    this.#columns = columns;
    this.#out.int32(MAGIC);
  }

  /** `valuesOf`: those of one column in all rows of the group; asked for one column after another. */
  writeGroup(rows: number, valuesOf: (column: number) => ColumnValues): void {
    const chunks = this.#columns.map((column, at) => this.#writer.write(column, valuesOf(at)));
    this.#groups.push({ rows, chunks });
  }

  /** The whole file. Nothing can be written any more. */
  end(): Uint8Array {
    const start = this.#out.length;
    writeMetadata(new ThriftWriter(this.#out), this.#columns, this.#groups);
    this.#out.int32(this.#out.length - start);
    this.#out.int32(MAGIC);
    return this.#out.subarray();
  }
}

function writeMetadata(
  thrift: ThriftWriter,
  columns: readonly ParquetColumn[],
  groups: readonly RowGroup[],
): void {
  thrift.begin();
  thrift.i32(1, VERSION);
  writeSchema(thrift, columns);
  thrift.i64(
    3,
    groups.reduce((sum, { rows }) => sum + rows, 0),
  );
  thrift.list(4, 'struct', groups.length);
  for (const group of groups) writeRowGroup(thrift, group);
  thrift.text(6, CREATED_BY);
  // The order of each column is that of its type; without it no bound may be believed.
  thrift.list(7, 'struct', columns.length);
  for (const _ of columns) {
    thrift.begin();
    thrift.beginField(1);
    thrift.end();
    thrift.end();
  }
  thrift.end();
}

function writeSchema(thrift: ThriftWriter, columns: readonly ParquetColumn[]): void {
  thrift.list(2, 'struct', columns.length + 1);
  thrift.begin();
  thrift.text(4, 'root');
  thrift.i32(5, columns.length);
  thrift.end();
  for (const { name, type, converted, precision, scale, optional } of columns) {
    thrift.begin();
    thrift.i32(1, PHYSICAL_TYPES[type]);
    thrift.i32(3, optional ? REPETITION.OPTIONAL : REPETITION.REQUIRED);
    thrift.text(4, name);
    if (converted) thrift.i32(6, CONVERTED_TYPES[converted]);
    if (scale !== undefined) thrift.i32(7, scale);
    if (precision !== undefined) thrift.i32(8, precision);
    thrift.end();
  }
}

function writeRowGroup(thrift: ThriftWriter, { rows, chunks }: RowGroup): void {
  const sum = (of: (chunk: ColumnChunk) => number) => chunks.reduce((all, chunk) => all + of(chunk), 0);
  thrift.begin();
  thrift.list(1, 'struct', chunks.length);
  for (const chunk of chunks) writeChunk(thrift, chunk);
  thrift.i64(
    2,
    sum(({ uncompressedBytes }) => uncompressedBytes),
  );
  thrift.i64(3, rows);
  thrift.i64(
    6,
    sum(({ compressedBytes }) => compressedBytes),
  );
  thrift.end();
}

function writeChunk(thrift: ThriftWriter, chunk: ColumnChunk): void {
  const { column, dictionaryAt, dataAt } = chunk;
  const encoding = dictionaryAt === undefined ? PLAIN : RLE_DICTIONARY;
  const encodings = dictionaryAt === undefined ? [PLAIN] : [PLAIN, RLE_DICTIONARY];
  thrift.begin();
  thrift.i64(2, dictionaryAt ?? dataAt);
  thrift.beginField(3);
  thrift.i32(1, PHYSICAL_TYPES[column.type]);
  thrift.list(2, 'i32', encodings.length);
  for (const one of encodings) thrift.element(one);
  thrift.list(3, 'binary', 1);
  thrift.textElement(column.name);
  thrift.i32(4, ZSTD);
  thrift.i64(5, chunk.values);
  thrift.i64(6, chunk.uncompressedBytes);
  thrift.i64(7, chunk.compressedBytes);
  thrift.i64(9, dataAt);
  if (dictionaryAt !== undefined) thrift.i64(11, dictionaryAt);
  writeStatistics(thrift, chunk.statistics);
  thrift.list(13, 'struct', dictionaryAt === undefined ? 1 : 2);
  if (dictionaryAt !== undefined) writePages(thrift, DICTIONARY_PAGE, PLAIN, 1);
  writePages(thrift, DATA_PAGE_V2, encoding, chunk.dataPages);
  thrift.end();
  thrift.end();
}

function writeStatistics(thrift: ThriftWriter, { nulls, min, max }: Statistics): void {
  thrift.beginField(12);
  thrift.i64(3, nulls);
  if (min && max) {
    thrift.binary(5, max.bytes);
    thrift.binary(6, min.bytes);
    // Where it is not said, a bound is exact.
    if (!max.isExact) thrift.boolean(7, false);
    if (!min.isExact) thrift.boolean(8, false);
  }
  thrift.end();
}

function writePages(thrift: ThriftWriter, type: number, encoding: number, count: number): void {
  thrift.begin();
  thrift.i32(1, type);
  thrift.i32(2, encoding);
  thrift.i32(3, count);
  thrift.end();
}
