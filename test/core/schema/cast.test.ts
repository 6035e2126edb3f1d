import { describe, expect, it } from 'vitest';
import { castCell } from '../../../core/schema/cast.ts';
import type { Cell, Column } from '../../../core/schema/columns.ts';

const column = (type: Column['type']): Column => ({
  name: 'it',
  type,
  nullable: true,
  ...(type === 'decimal' && { precision: 8, scale: 2 }),
});

describe('a cell of a column that had another type', () => {
  it.each<[Cell, Column['type'], Cell]>([
    [null, 'int64', null],
    [7, 'string', '7'],
    [true, 'string', 'true'],
    ['2026-11-20', 'string', '2026-11-20'],
    [7, 'double', 7],
    [1675.25, 'double', 1675.25],
    [1675, 'int64', 1675],
    ['-7', 'int32', -7],
    ['1675.25', 'double', 1675.25],
    [2, 'decimal', 2],
    ['1.50', 'decimal', 1.5],
    ['false', 'boolean', false],
    ['true', 'boolean', true],
    ['2026-11-20', 'date', '2026-11-20'],
    ['2026-11-20T00:00:00.000Z', 'date', '2026-11-20'],
    ['2026-11-20', 'timestamp', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T10:00:00Z', 'timestamp', '2026-11-20T10:00:00.000Z'],
    ['["a"]', 'json', '["a"]'],
    [7, 'json', '7'],
  ])('%j is the same as %s: %j', (cell, type, expected) => {
    expect(castCell(cell, column(type))).toEqual(expected);
  });

  it.each<[Cell, Column['type']]>([
    ['007', 'int64'],
    ['007', 'double'],
    ['7 €', 'int64'],
    ['', 'int64'],
    ['1e3', 'int64'],
    ['-0', 'int64'],
    ['0x10', 'int64'],
    [' 7', 'int64'],
    [1675.25, 'int64'],
    [3_000_000_000, 'int32'],
    ['99999999999999999999', 'int64'],
    [true, 'int64'],
    [1.005, 'decimal'],
    [1_000_000, 'decimal'],
    [1, 'boolean'],
    ['yes', 'boolean'],
    ['2026-02-30', 'date'],
    ['2026-11-20T10:00:00.000Z', 'date'],
    [20_260_000, 'date'],
    ['2026-02-30T10:00:00Z', 'timestamp'],
    ['2026-11-20T25:00:00Z', 'timestamp'],
    ['2026-11-20 10:00', 'timestamp'],
    [0, 'timestamp'],
    ['a', 'json'],
  ])('%j would not be the same as %s', (cell, type) => {
    expect(castCell(cell, column(type))).toBeUndefined();
  });
});
