import { Bytes } from './bytes.ts';
import {
  DATA_PAGE_V2,
  DICTIONARY_PAGE,
  type ParquetColumn,
  type ParquetValue,
  PLAIN,
  RLE_DICTIONARY,
} from './format.ts';
import { bitWidth, writeHybrid } from './hybrid.ts';
import { boundsOf, type Statistics } from './statistics.ts';
import { ThriftWriter } from './thrift.ts';
import { STORED_BELOW, zstdPage } from './zstd-page.ts';

/** Of the values of a page, uncompressed; a value that is longer has a page of its own. */
const PAGE_BYTES = 1_048_576;

/** What the footer says of a column of a row group. */
export interface ColumnChunk {
  readonly column: ParquetColumn;
  /** Nulls included. */
  readonly values: number;
  readonly dictionaryAt?: number;
  readonly dataAt: number;
  readonly dataPages: number;
  /** With the headers of its pages. */
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  readonly statistics: Statistics;
}

/** The values of a column, and which rows have one. */
export interface ColumnValues {
  /** Without the nulls. */
  readonly values: readonly ParquetValue[];
  /** 1 for each row with a value, 0 for each without. */
  readonly defined: Uint8Array;
}

/** Writes the chunks of a file; they share what they are made in. */
export class ColumnWriter {
  readonly #out: Bytes;
  readonly #thrift: ThriftWriter;
  readonly #plain = new Bytes(16_384);
  readonly #levels = new Bytes(256);
  readonly #indexes = new Bytes(1024);
  #uncompressed = 0;

  constructor(out: Bytes) {
    this.#out = out;
    this.#thrift = new ThriftWriter(out);
  }

  write(column: ParquetColumn, { values, defined }: ColumnValues): ColumnChunk {
    const start = this.#out.length;
    this.#uncompressed = 0;
    const dictionary = dictionaryOf(column, values);
    const plain = this.#plain;
    plain.clear();
    const ends = writePlain(plain, column, dictionary?.values ?? values);
    const bounds = boundsOf(column, plain.subarray(), dictionary?.values ?? values);
    let dataPages = 1;
    let dataAt = start;
    if (dictionary) {
      this.#dictionaryPage(dictionary.values.length);
      dataAt = this.#out.length;
      const width = bitWidth(dictionary.values.length - 1);
      this.#indexes.clear();
      this.#indexes.byte(width);
      writeHybrid(this.#indexes, dictionary.indexes, width);
      this.#dataPage(column, RLE_DICTIONARY, this.#indexes.subarray(), defined);
    } else dataPages = this.#plainPages(column, ends, defined);
    return {
      column,
      values: defined.length,
      ...(dictionary && { dictionaryAt: start }),
      dataAt,
      dataPages,
      compressedBytes: this.#out.length - start,
      uncompressedBytes: this.#uncompressed,
      statistics: { nulls: defined.length - values.length, ...bounds },
    };
  }

  #plainPages(column: ParquetColumn, ends: readonly PageEnd[], defined: Uint8Array): number {
    let [row, value, byte] = [0, 0, 0];
    for (const end of ends) {
      const first = row;
      const isLast = end === ends.at(-1);
      for (; row < defined.length && (isLast || value < end.value); row++) value += defined[row]!;
      this.#dataPage(column, PLAIN, this.#plain.subarray(byte, end.byte), defined.subarray(first, row));
      byte = end.byte;
    }
    return ends.length;
  }

  #dictionaryPage(size: number): void {
    const page = this.#plain.subarray();
    const compressed = zstdPage(page);
    const start = this.#out.length;
    this.#header(DICTIONARY_PAGE, page.length, compressed.length);
    this.#thrift.beginField(7);
    this.#thrift.i32(1, size);
    this.#thrift.i32(2, PLAIN);
    this.#thrift.end();
    this.#thrift.end();
    this.#uncompressed += this.#out.length - start + page.length;
    this.#out.append(compressed);
  }

  #dataPage(column: ParquetColumn, encoding: number, page: Uint8Array, defined: Uint8Array): void {
    const levels = this.#levels;
    levels.clear();
    if (column.optional) writeHybrid(levels, defined, 1);
    let nulls = 0;
    for (const one of defined) if (one === 0) nulls++;
    // Nulls alone are in the levels, and a frame of nothing would be one more for every reader to open.
    const isCompressed = page.length > 0;
    const compressed = isCompressed ? zstdPage(page) : page;
    const start = this.#out.length;
    this.#header(DATA_PAGE_V2, levels.length + page.length, levels.length + compressed.length);
    this.#thrift.beginField(8);
    this.#thrift.i32(1, defined.length);
    this.#thrift.i32(2, nulls);
    this.#thrift.i32(3, defined.length);
    this.#thrift.i32(4, encoding);
    this.#thrift.i32(5, levels.length);
    this.#thrift.i32(6, 0);
    if (!isCompressed) this.#thrift.boolean(7, false);
    this.#thrift.end();
    this.#thrift.end();
    this.#uncompressed += this.#out.length - start + levels.length + page.length;
    this.#out.append(levels.subarray());
    this.#out.append(compressed);
  }

  #header(type: number, uncompressed: number, compressed: number): void {
    this.#thrift.begin();
    this.#thrift.i32(1, type);
    this.#thrift.i32(2, uncompressed);
    this.#thrift.i32(3, compressed);
  }
}

interface Dictionary {
  readonly values: readonly ParquetValue[];
  /** Of each value. */
  readonly indexes: readonly number[];
}

/**
 * Each value once, where that and the indexes of all take half of its bytes at most, and are more than one
 * short page: a second frame costs every reader another call of zstd.
 */
function dictionaryOf(column: ParquetColumn, values: readonly ParquetValue[]): Dictionary | undefined {
  if (column.type === 'BOOLEAN' || values.length === 0) return undefined;
  let plainBytes = 0;
  for (const value of values) plainBytes += sizeOf(column, value);
  if (plainBytes < STORED_BELOW) return undefined;
  const places = new Map<ParquetValue, number>();
  const indexes: number[] = new Array(values.length);
  let bytes = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    // To a map it is the same as 0.
    if (Object.is(value, -0)) return undefined;
    let place = places.get(value);
    if (place === undefined) {
      bytes += sizeOf(column, value);
      if (2 * bytes > plainBytes) return undefined;
      place = places.size;
      places.set(value, place);
    }
    indexes[at] = place;
  }
  const indexBytes = (values.length * bitWidth(places.size - 1)) / 8;
  return 2 * (bytes + indexBytes) > plainBytes ? undefined : { values: [...places.keys()], indexes };
}

function sizeOf({ type }: ParquetColumn, value: ParquetValue): number {
  if (type === 'BYTE_ARRAY') return 4 + (value as string).length;
  return type === 'INT32' ? 4 : 8;
}

/** Behind the last value of a page: values and bytes so far. */
interface PageEnd {
  readonly value: number;
  readonly byte: number;
}

/** Values one after another; answers where pages are to end, one at least. */
function writePlain(out: Bytes, { type }: ParquetColumn, values: readonly ParquetValue[]): PageEnd[] {
  const ends: PageEnd[] = [];
  if (type === 'BOOLEAN') writeBits(out, values as readonly boolean[]);
  else if (type === 'INT32') for (const value of values as readonly number[]) out.int32(value);
  else if (type === 'INT64') for (const value of values as readonly number[]) out.int64(value);
  else if (type === 'DOUBLE') for (const value of values as readonly number[]) out.double(value);
  else {
    let next = PAGE_BYTES;
    for (let at = 0; at < values.length; at++) {
      out.text(values[at] as string);
      if (out.length < next || at === values.length - 1) continue;
      ends.push({ value: at + 1, byte: out.length });
      next = out.length + PAGE_BYTES;
    }
  }
  return [...ends, { value: values.length, byte: out.length }];
}

function writeBits(out: Bytes, values: readonly boolean[]): void {
  for (let at = 0; at < values.length; at += 8) {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) if (values[at + bit]) byte |= 1 << bit;
    out.byte(byte);
  }
}
