import type { Row } from '../schema/columns.ts';
import type { Table } from '../source/source.ts';
import type { RepeatedRows } from './version.ts';

/**
 * Rows of different items that agree in all columns of `table.unique`: one thing under two ids, or the page
 * of another one. One entry for each set of items, in the order of the rows. Empty where the table declares
 * nothing.
 */
export function repeatedRows({ unique, itemKey }: Table, rows: readonly Row[]): RepeatedRows[] {
  if (!unique) return [];
  const first = new Map<string, { readonly row: Row; readonly items: Set<string> }>();
  for (const row of rows) {
    if (unique.some((name) => (row[name] ?? null) === null)) continue;
    const key = JSON.stringify(unique.map((name) => row[name]));
    const same = first.get(key);
    if (same) same.items.add(String(row[itemKey]));
    else first.set(key, { row, items: new Set([String(row[itemKey])]) });
  }
  const found = new Map<string, RepeatedRows>();
  for (const { row, items } of first.values()) {
    if (items.size < 2) continue;
    const ids = [...items].sort();
    const name = ids.join(' ');
    const example = unique.map((column) => `${column} ${row[column]}`).join(', ');
    const known = found.get(name) ?? { items: ids, rows: 0, example };
    found.set(name, { ...known, rows: known.rows + 1 });
  }
  return [...found.values()];
}
