import * as z from 'zod';
import { lazily } from './lazily.ts';

/** Types that Parquet, Glue, DuckDB and CSV all know. */
export type ColumnType =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'json';

/** One column, derived from one field of a zod object. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** Of a decimal: digits altogether, and of those behind the point. */
  readonly precision?: number;
  readonly scale?: number;
  /** From `.describe()`; the comment of the Glue column. */
  readonly comment?: string;
}

/**
 * A row in memory: strings, numbers, booleans and null. `date` is `YYYY-MM-DD`, `timestamp` is ISO 8601 in
 * UTC, `int64` a safe integer, `decimal` a number of at most 15 digits, `json` its text.
 */
export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

const DUCKDB_TYPES: Readonly<Record<Exclude<ColumnType, 'decimal'>, string>> = {
  string: 'VARCHAR',
  json: 'VARCHAR',
  int32: 'INTEGER',
  int64: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

export function duckDbType({ type, precision, scale }: Column): string {
  return type === 'decimal' ? `DECIMAL(${precision}, ${scale})` : DUCKDB_TYPES[type];
}

/** Numbers in memory are exact to 15 digits. */
const MAX_PRECISION = 15;
/** By the check that a decimal carries: `describe` and others copy a schema, and keep its checks. */
const decimals = new WeakMap<object, Required<Pick<Column, 'precision' | 'scale'>>>();

/**
 * A number that the lake keeps exactly, as prices are: `precision` digits altogether, at most 15, `scale` of
 * them behind the point. What has more does not fit the schema. Throws a RangeError for digits that cannot
 * be.
 */
export function decimal(precision: number, scale: number): z.ZodNumber {
  const fits = Number.isInteger(precision) && Number.isInteger(scale) && precision <= MAX_PRECISION;
  if (!fits || scale < 0 || precision < Math.max(scale, 1))
    throw new RangeError(
      `decimal(${precision}, ${scale}): at most ${MAX_PRECISION} digits, scale within them`,
    );
  const factor = 10 ** scale;
  const schema = z.number().refine(
    (value) => {
      const units = Math.round(value * factor);
      return units / factor === value && Math.abs(units) < 10 ** precision;
    },
    { error: `not a decimal(${precision}, ${scale})` },
  );
  decimals.set(schema._zod.def.checks!.at(-1)!, { precision, scale });
  return schema;
}

/**
 * A record that fits the schema, as cells: what is absent is null, lists and objects are the text of their
 * JSON.
 */
export function cellsOf(schema: z.ZodObject, record: Readonly<Record<string, unknown>>): Row {
  const { columns, isPlain } = derivedFrom(schema);
  if (isPlain) return record as Row;
  const row: Record<string, Cell> = {};
  for (const { name, type } of columns) {
    const value = record[name] ?? null;
    row[name] = type === 'json' && value !== null ? JSON.stringify(value) : (value as Cell);
  }
  return row;
}

/** Where a row comes from and when it became visible: on every table of a source, after its own columns. */
const lineageSchema = lazily(() =>
  z.object({
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
  }),
);

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
        `${name}: no column type for this zod type; use string, int32, int, number, decimal, boolean, enum, iso.date, iso.datetime, array, object or record`,
      );
  }
  return columns;
}

/** The columns of a source's Parquet files: its own, then the lineage. */
export function tableColumns(schema: z.ZodObject): readonly Column[] {
  return derivedFrom(schema).tableColumns;
}

interface Derived {
  readonly columns: readonly Column[];
  readonly tableColumns: readonly Column[];
  /** Every record is its own row: no field may be absent, and none is a list or an object. */
  readonly isPlain: boolean;
}

/** Once for each schema: every item of a scrape asks. */
const derived = new WeakMap<z.ZodObject, Derived>();

function derivedFrom(schema: z.ZodObject): Derived {
  const known = derived.get(schema);
  if (known) return known;
  const columns = columnsOf(schema);
  const isOptional = Object.values(schema.shape).some(
    (field) => (field as z.ZodType).safeParse(undefined).success,
  );
  const made: Derived = {
    columns,
    tableColumns: [...columns, ...columnsOf(lineageSchema())],
    isPlain: !isOptional && columns.every(({ type }) => type !== 'json'),
  };
  derived.set(schema, made);
  return made;
}

function columnOf(name: string, field: z.ZodType): Column | undefined {
  let inner = field;
  let nullable = false;
  let comment = field.description;
  while (inner instanceof z.ZodNullable || inner instanceof z.ZodOptional) {
    nullable = true;
    inner = inner.unwrap() as z.ZodType;
    comment ??= inner.description;
  }
  const type = typeOf(inner);
  return type && { name, type, nullable, ...decimalOf(inner), ...(comment !== undefined && { comment }) };
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
  if (field instanceof z.ZodNumber) return decimalOf(field) ? 'decimal' : numberType(field);
  const isJson =
    field instanceof z.ZodArray ||
    field instanceof z.ZodObject ||
    field instanceof z.ZodRecord ||
    field instanceof z.ZodTuple;
  return isJson ? 'json' : undefined;
}

function decimalOf(field: z.ZodType) {
  const check = field._zod.def.checks?.find((each) => decimals.has(each));
  return check && decimals.get(check);
}

/** `z.number().int()` is a whole number as `z.int()` is: both carry the check. */
function numberType(field: z.ZodNumber): ColumnType {
  if (field.format === 'int32') return 'int32';
  return field.isInt ? 'int64' : 'double';
}

function fail(problem: string): never {
  throw new Error(problem);
}
