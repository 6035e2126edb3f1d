import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Column, tableColumns } from './columns.ts';
import { lazily } from './lazily.ts';

const columnShapeSchema = lazily(() =>
  z.object({
    name: z.string(),
    /** A `ColumnType`; of a decimal with its digits: `decimal(10,2)`. A later Rescrape may know others. */
    type: z.string(),
    isRequired: z.boolean(),
  }),
);
export type ColumnShape = z.infer<ReturnType<typeof columnShapeSchema>>;

const tableShapeSchema = lazily(() =>
  z.object({
    table: z.string(),
    /** Its own in the order of the schema, then the lineage. */
    columns: z.array(columnShapeSchema()).readonly(),
    itemKey: z.string(),
    rowKey: z.array(z.string()).readonly(),
    partitionBy: z.array(z.string()).readonly(),
  }),
);
/** All of a table that its rows depend upon; what only describes it (comments, `unique`) is left out. */
export type TableShape = z.infer<ReturnType<typeof tableShapeSchema>>;

export const versionSchemaSchema = lazily(() =>
  z.object({
    /** See `fingerprintOf`. */
    fingerprint: z.string(),
    /** Of the source, when the version was written; with the history of the table it tells which is newer. */
    parserVersion: z.int(),
    shape: tableShapeSchema(),
  }),
);
/** What of a table makes its shape. */
export interface ShapedTable {
  readonly name: string;
  readonly schema: z.ZodObject;
  readonly itemKey: string;
  readonly rowKey: readonly string[];
  readonly partitionBy: readonly string[];
}

/** A `ColumnType`, and the digits of a decimal. */
export function typeName({ type, precision, scale }: Column): string {
  return type === 'decimal' ? `decimal(${precision},${scale})` : type;
}

export interface TableSchema {
  readonly fingerprint: string;
  readonly shape: TableShape;
}

/** Once for each table: every publish asks. */
const known = new WeakMap<ShapedTable, TableSchema>();

/** What the code says of a table today. */
export function tableSchema(table: ShapedTable): TableSchema {
  const before = known.get(table);
  if (before) return before;
  const shape = shapeOf(table);
  const made = { fingerprint: fingerprintOf(shape), shape };
  known.set(table, made);
  return made;
}

function shapeOf({ name, schema, itemKey, rowKey, partitionBy }: ShapedTable): TableShape {
  const columns = tableColumns(schema).map((column): ColumnShape => {
    return { name: column.name, type: typeName(column), isRequired: !column.nullable };
  });
  // Wherever the files have it: a table is no other one for that.
  const isLineage = (column: ColumnShape) => column.name.startsWith('_');
  return {
    table: name,
    columns: [...columns.filter((each) => !isLineage(each)), ...columns.filter(isLineage)],
    itemKey,
    rowKey: [...rowKey],
    partitionBy: [...partitionBy],
  };
}

/** Sixteen hexadecimal digits: two shapes of a table that differ in anything have different ones. */
export function fingerprintOf({ table, columns, itemKey, rowKey, partitionBy }: TableShape): string {
  const facts = columns.map(({ name, type, isRequired }) => [name, type, isRequired]);
  const text = JSON.stringify([table, facts, itemKey, rowKey, partitionBy]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
