import * as z from 'zod';

/** Types that Parquet, Glue, DuckDB and CSV all know. */
export type ColumnType = 'string' | 'int32' | 'int64' | 'double' | 'boolean' | 'date' | 'timestamp';

/** One column, derived from one field of a zod object. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** From `.describe()`; the comment of the Glue column. */
  readonly comment?: string;
}

/**
 * A row in memory: strings, numbers, booleans and null. `date` is `YYYY-MM-DD`, `timestamp` is ISO 8601 in
 * UTC, `int64` is a safe integer.
 */
export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

export const DUCKDB_TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  int32: 'INTEGER',
  int64: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

/** Where a row comes from and when it became visible: on every table of a source, after its own columns. */
const LINEAGE_SCHEMA = z.object({
  _run_id: z.string().describe('Run that scraped the row'),
  _source_url: z.string().describe('Address that the row was read from'),
  _scraped_at: z.iso.datetime().describe('When the page was fetched'),
  _committed_at: z.iso
    .datetime()
    .describe('When this version of the partition was written; one value a partition'),
  _capture: z
    .string()
    .nullable()
    .describe('Raw response: key of the WARC file, #, byte offset of the record'),
});

/**
 * Columns in the order of the schema. A field without a column type is a problem: it throws, or calls
 * `onProblem`.
 */
export function columnsOf(schema: z.ZodObject, onProblem: (problem: string) => void = fail): Column[] {
  const columns: Column[] = [];
  for (const [name, field] of Object.entries(schema.shape)) {
    const column = columnOf(name, field as z.ZodType);
    if (column) columns.push(column);
    else
      onProblem(
        `${name}: no column type for this zod type; use string, int32, int, number, boolean, enum, iso.date or iso.datetime`,
      );
  }
  return columns;
}

/** The columns of a source's Parquet files: its own, then the lineage. */
export function tableColumns(schema: z.ZodObject): Column[] {
  return [...columnsOf(schema), ...columnsOf(LINEAGE_SCHEMA)];
}

function columnOf(name: string, field: z.ZodType): Column | undefined {
  let inner = field;
  let nullable = false;
  let comment = field.description;
  while (inner instanceof z.ZodNullable) {
    nullable = true;
    inner = inner.unwrap() as z.ZodType;
    comment ??= inner.description;
  }
  const type = typeOf(inner);
  return type && { name, type, nullable, ...(comment !== undefined && { comment }) };
}

function typeOf(field: z.ZodType): ColumnType | undefined {
  if (field instanceof z.ZodISODate) return 'date';
  if (field instanceof z.ZodISODateTime) return 'timestamp';
  if (field instanceof z.ZodString || field instanceof z.ZodStringFormat || field instanceof z.ZodEnum)
    return 'string';
  if (field instanceof z.ZodBoolean) return 'boolean';
  if (field instanceof z.ZodNumberFormat) {
    const format = field._zod.def.format;
    return format === 'int32' ? 'int32' : format === 'safeint' ? 'int64' : undefined;
  }
  return field instanceof z.ZodNumber ? 'double' : undefined;
}

function fail(problem: string): never {
  throw new Error(problem);
}
