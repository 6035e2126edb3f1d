import type { ColumnValues } from '../parquet/column-chunk.ts';
import type { ParquetValue } from '../parquet/format.ts';
import type { Cell, Column, ColumnType, Row } from '../schema/columns.ts';

const DAY_MS = 86_400_000;

/**
 * The cells of one column as Parquet has them; `same`: cells of all rows. Throws where one is not of the type
 * of the column, or is null where none may be.
 */
export function columnValues(
  { name, type, nullable, scale = 0 }: Column,
  rows: readonly Row[],
  same: Row,
): ColumnValues {
  const values: ParquetValue[] = [];
  const defined = new Uint8Array(rows.length);
  const stored = STORED[type];
  const ofAll = same[name];
  for (let at = 0; at < rows.length; at++) {
    const cell = ofAll ?? rows[at]![name] ?? null;
    if (cell === null) {
      if (nullable) continue;
      throw new Error(`column ${name} has a row without a value`);
    }
    const value = stored(cell, scale);
    if (value === undefined) throw new Error(`column ${name}: ${JSON.stringify(cell)} is no ${type}`);
    values.push(value);
    defined[at] = 1;
  }
  return { values, defined };
}

type NoNull = NonNullable<Cell>;
const text = (cell: NoNull) => (typeof cell === 'string' ? cell : undefined);
const integer = (value: unknown) => (Number.isInteger(value) ? (value as number) : undefined);

/** A value as it is stored; undefined where the cell is none of the type. */
const STORED: Readonly<Record<ColumnType, (cell: NoNull, scale: number) => ParquetValue | undefined>> = {
  string: text,
  json: text,
  int32: (cell) => ((cell as number) === ((cell as number) | 0) ? cell : undefined),
  int64: integer,
  double: (cell) => (typeof cell === 'number' ? cell : undefined),
  decimal: (cell, scale) => integer(Math.round((cell as number) * 10 ** scale)),
  boolean: (cell) => (typeof cell === 'boolean' ? cell : undefined),
  date: (cell) => integer(Date.parse(`${cell}T00:00:00Z`) / DAY_MS),
  timestamp: (cell) => integer(Date.parse(cell as string)),
};
