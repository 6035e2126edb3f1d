import type { TableShape } from './table-shape.ts';

const CATALOG_TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  json: 'string',
  int32: 'int',
  int64: 'bigint',
  double: 'double',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
};

/** The columns of a table as Glue has them once this is deployed: types by their names. */
export function catalogTypes({ columns }: TableShape): ReadonlyMap<string, string> {
  // A decimal is written as in a shape.
  return new Map(columns.map(({ name, type }) => [name, CATALOG_TYPES[type] ?? type]));
}
