import type { Bytes } from './bytes.ts';

/** Types of the compact protocol of Thrift, as the header of a field or of a list has them. */
const TRUE = 1;
const FALSE = 2;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;
/** A list of more says its size behind its header. */
const SHORT_LIST = 14;

export type ListOf = 'i32' | 'binary' | 'struct';
const ELEMENTS: Readonly<Record<ListOf, number>> = { i32: I32, binary: BINARY, struct: STRUCT };

/**
 * Writes structs in the compact protocol of Thrift, fields in ascending order. Numbers are whole and not
 * negative: so are all of the metadata of Parquet.
 */
export class ThriftWriter {
  readonly #out: Bytes;
  #field = 0;
  readonly #outer: number[] = [];

  constructor(out: Bytes) {
    this.#out = out;
  }

  i32(field: number, value: number): void {
    this.#header(field, I32);
    this.element(value);
  }

  i64(field: number, value: number): void {
    this.#header(field, I64);
    this.element(value);
  }

  boolean(field: number, value: boolean): void {
    this.#header(field, value ? TRUE : FALSE);
  }

  binary(field: number, value: Uint8Array): void {
    this.#header(field, BINARY);
    this.#out.varint(value.length);
    this.#out.append(value);
  }

  text(field: number, value: string): void {
    this.#header(field, BINARY);
    this.textElement(value);
  }

  /** The elements follow. */
  list(field: number, of: ListOf, size: number): void {
    this.#header(field, LIST);
    if (size <= SHORT_LIST) this.#out.byte((size << 4) | ELEMENTS[of]);
    else {
      this.#out.byte(0xf0 | ELEMENTS[of]);
      this.#out.varint(size);
    }
  }

  /** A number of a list. */
  element(value: number): void {
    // Zigzag, of a number that is not negative.
    this.#out.varint(2 * value);
  }

  /** A text of a list. */
  textElement(value: string): void {
    this.#out.varintText(value);
  }

  /** A struct of a list, or the outermost one; its fields follow, then `end`. */
  begin(): void {
    this.#outer.push(this.#field);
    this.#field = 0;
  }

  beginField(field: number): void {
    this.#header(field, STRUCT);
    this.begin();
  }

  end(): void {
    this.#out.byte(0);
    this.#field = this.#outer.pop()!;
  }

  #header(field: number, type: number): void {
    this.#out.byte(((field - this.#field) << 4) | type);
    this.#field = field;
  }
}
