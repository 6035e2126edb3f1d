import { describe, expect, it } from 'vitest';
import { carriedRows, type StoredRows } from '../../../core/lake/carried-rows.ts';
import type { VersionDescriptor, VersionItem } from '../../../core/lake/version.ts';
import { type Column, tableColumns } from '../../../core/schema/columns.ts';
import { linesOf, notes } from '../../e2e/support/notes-source.ts';

const item = (id: string, rows: number): VersionItem => {
  return { id, url: `/${id}`, state: 'found', rows, checkedAt: 1, parserVersion: 1, capture: null };
};
/** A version of before schemas were kept. */
const version = (...items: VersionItem[]) => ({ items }) as unknown as VersionDescriptor;

const { table } = notes;
const columns = tableColumns(table.schema);
const committed = { _committed_at: '2026-11-20T00:00:00.000Z' };
const stored = (...ids: string[]): StoredRows => {
  return {
    columns,
    rows: ids.flatMap((id) => linesOf(id, ['a', 'b'])).map((row) => ({ ...row, ...committed })),
  };
};

describe('rows that are carried into a version of another schema', () => {
  it('are those of the items that keep theirs', () => {
    const [x, y] = [item('x', 2), item('y', 2)];
    const carried = carriedRows(version(x, y), stored('x', 'y'), table, [y]);
    expect(carried).toEqual({ kind: 'rows', byItem: new Map([['y', stored('y').rows]]) });
  });

  it('are none where no column says whose they are: nothing is taken for the rows of another item', () => {
    const [x, z] = [item('x', 2), item('z', 2)];
    const problem = { kind: 'problem', problem: { kind: 'item-key', item: 'x', itemKey: 'note' } };
    expect(carriedRows(version(x, z), stored('x', 'y'), table, [x])).toEqual(problem);
    expect(carriedRows(version(item('x', 3)), stored('x'), table, [item('x', 3)])).toEqual(problem);
  });

  it('are found by the one column that has the ids of all items, whatever it is called today', () => {
    const renamed = columns.map(
      (column): Column => (column.name === 'note' ? { ...column, name: 'leaf' } : column),
    );
    const rows = stored('x', 'y').rows.map(({ note, ...row }) => ({ ...row, leaf: note! }));
    const [x, y] = [item('x', 2), item('y', 2)];
    const carried = carriedRows(version(x, y), { columns: renamed, rows }, table, [x]);
    expect(carried).toEqual({ kind: 'rows', byItem: new Map([['x', stored('x').rows]]) });
  });
});
