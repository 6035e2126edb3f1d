/** Numbers of the format, as parquet.thrift of Apache Parquet has them. */
export const PHYSICAL_TYPES = { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 } as const;
export type PhysicalType = keyof typeof PHYSICAL_TYPES;
export const CONVERTED_TYPES = { UTF8: 0, DECIMAL: 5, DATE: 6, TIMESTAMP_MILLIS: 9 } as const;
export const REPETITION = { REQUIRED: 0, OPTIONAL: 1 } as const;
export const PLAIN = 0;
export const RLE_DICTIONARY = 8;
export const DICTIONARY_PAGE = 2;
export const DATA_PAGE_V2 = 3;
export const ZSTD = 6;

/** A column of a flat table as the file has it. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: PhysicalType;
  /** What the values mean; of `DECIMAL` with digits altogether, and of those behind the point. */
  readonly converted?: keyof typeof CONVERTED_TYPES;
  readonly precision?: number;
  readonly scale?: number;
  readonly optional: boolean;
}

/** Texts of `BYTE_ARRAY`, whole numbers of `INT32` and `INT64`, numbers of `DOUBLE`. */
export type ParquetValue = string | number | boolean;
