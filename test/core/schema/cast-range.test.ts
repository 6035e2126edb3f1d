import { describe, expect, it } from 'vitest';
import { castCell } from '../../../core/schema/cast.ts';
import { castRange } from '../../../core/schema/cast-range.ts';
import type { Cell, Column, ColumnType } from '../../../core/schema/columns.ts';

/** Cells of each type: its ends, and what another type could read it as. */
const CELLS: Readonly<Record<string, readonly Cell[]>> = {
  string: ['', '7', '007', '1.5', 'true', '2026-03-29', '2026-03-29T01:30:00.000Z', '"7"', 'word'],
  json: ['7', '1.5', 'true', '"2026-03-29"', '[1,2]', '{"a":null}'],
  int32: [0, 7, -2_147_483_648, 2_147_483_647],
  int64: [0, 7, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  double: [0, 7, 0.1, 1.7976931348623157e308, 5e-324],
  boolean: [true, false],
  date: ['0001-01-01', '2026-03-29', '9999-12-31'],
  timestamp: ['2026-03-29T00:00:00.000Z', '2026-03-29T01:30:00.999Z', '9999-12-31T23:59:59.999Z'],
  'decimal(8,2)': [0, 7, 1675.25, -999_999.99],
  'decimal(12,4)': [0, 7, 1675.25, 99_999_999.9999],
  'decimal(15,2)': [0, 7, 1675.25, 9_999_999_999_999.99],
};
const TYPES = Object.keys(CELLS);
const PAIRS = TYPES.flatMap((from) => TYPES.map((to) => [from, to] as const));

function columnOf(text: string): Column {
  const [type, precision, scale] = text.split(/[(,)]/);
  const digits = precision === undefined ? {} : { precision: Number(precision), scale: Number(scale) };
  return { name: 'cell', type: type as ColumnType, nullable: true, ...digits };
}

describe('what a change of type does to the values of before', () => {
  it.each(PAIRS)('is what a cast of values does, from %s to %s', (from, to) => {
    const fitting = CELLS[from]!.filter((cell) => castCell(cell, columnOf(to)) !== undefined);
    const found = fitting.length === 0 ? 'none' : fitting.length === CELLS[from]!.length ? 'all' : 'some';
    expect(castRange(from, to)).toBe(found);
  });

  it('promises nothing of a type that this program does not know', () => {
    expect([castRange('uuid', 'string'), castRange('string', 'uuid')]).toEqual(['some', 'some']);
  });
});
