import { castCell } from '../schema/cast.ts';
import { type Cell, type Column, type Row, tableColumns } from '../schema/columns.ts';
import { tableSchema, typeName } from '../schema/table-shape.ts';
import type { Table } from '../source/source.ts';
import type { VersionDescriptor, VersionItem } from './version.ts';

/** Rows as the files of a version have them, with the columns of these. */
export interface StoredRows {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** A cell that today's column cannot hold. */
export interface Misfit {
  readonly column: string;
  /** Type that it has in the file; null where the file has no such column. */
  readonly from: string | null;
  readonly to: string;
  readonly value: Cell;
}

/**
 * Why rows of an item cannot go into a version of today's schema: it was not read this time, or (`isRead`) by
 * another program.
 */
export type CarryProblem =
  | ({ readonly kind: 'misfit'; readonly item: string; readonly isRead: boolean } & Misfit)
  /** No column of its rows says whose they are, or today's item key calls them otherwise. */
  | { readonly kind: 'item-key'; readonly item: string; readonly itemKey: string }
  | { readonly kind: 'row-key'; readonly item: string; readonly rowKey: readonly string[] };

export type CarriedRows =
  | { readonly kind: 'rows'; readonly byItem: ReadonlyMap<string, readonly Row[]> }
  | { readonly kind: 'problem'; readonly problem: CarryProblem };

/** Rows of one and the same item: those of the column that this item key names. */
export function rowsByItem(itemKey: string, rows: readonly Row[]): Map<string, Row[]> {
  return Map.groupBy(rows, (row) => String(row[itemKey]));
}

/** Of the rows of another schema, by the names of their columns; a column that is new is null. */
export function castRows({ columns, rows }: StoredRows, table: Table): Row[] | Misfit {
  const cells = cellCasts(columns, table);
  const cast: Row[] = [];
  for (const row of rows) {
    const made: Record<string, Cell> = {};
    for (const [name, each] of cells) {
      const cell = each(row);
      if (cell !== null && typeof cell === 'object') return cell;
      made[name] = cell;
    }
    cast.push(made);
  }
  return cast;
}

function cellCasts(stored: readonly Column[], table: Table): [string, (row: Row) => Cell | Misfit][] {
  const before = new Map(stored.map((column) => [column.name, column]));
  return tableColumns(table.schema).map((column) => {
    const { name, nullable } = column;
    const was = before.get(name);
    const from = was ? typeName(was) : null;
    const to = typeName(column);
    return [
      name,
      (row) => {
        const value = row[name] ?? null;
        const cell = from === to ? value : castCell(value, column);
        const fits = cell !== undefined && (cell !== null || nullable);
        return fits ? cell : { column: name, from, to, value };
      },
    ];
  });
}

/**
 * The rows of items that keep what the version holds, in today's schema. An item stays whose it is: where its
 * key has another name now, the new column is filled with its id. Nothing vanishes: what cannot be carried is
 * a problem.
 */
export function carriedRows(
  version: VersionDescriptor,
  stored: StoredRows,
  table: Table,
  kept: readonly VersionItem[],
): CarriedRows {
  const before = itemsOfVersion(version, stored, table);
  const isOfToday = version.schema?.fingerprint === tableSchema(table).fingerprint;
  const byItem = new Map<string, readonly Row[]>();
  const isNewKey = stored.columns.every(({ name }) => name !== table.itemKey);
  const columns: readonly Column[] = isNewKey
    ? [...stored.columns, { name: table.itemKey, type: 'string', nullable: false }]
    : stored.columns;
  for (const { id, rows: count } of kept) {
    if (count === 0) continue;
    const own = before?.get(id) ?? [];
    const isWhole = own.length === count && own.every((row) => isNewKey || String(row[table.itemKey]) === id);
    if (!isWhole) return problem({ kind: 'item-key', item: id, itemKey: table.itemKey });
    if (isOfToday) {
      byItem.set(id, own);
      continue;
    }
    const rows = isNewKey ? own.map((row) => ({ ...row, [table.itemKey]: id })) : own;
    const cast = castRows({ columns, rows }, table);
    if (!Array.isArray(cast))
      return problem({ kind: 'misfit', item: id, isRead: false, ...(cast as Misfit) });
    const keys = new Set(cast.map((row) => JSON.stringify(table.rowKey.map((name) => row[name]))));
    if (keys.size < count) return problem({ kind: 'row-key', item: id, rowKey: table.rowKey });
    byItem.set(id, cast);
  }
  return { kind: 'rows', byItem };
}

function problem(found: CarryProblem): CarriedRows {
  return { kind: 'problem', problem: found };
}

/**
 * Rows by item, by the column that was the item key then. Versions of before that was kept do not say which:
 * it is the one whose values are the ids of all items, each as often as the item has rows.
 */
function itemsOfVersion(
  { schema, items }: VersionDescriptor,
  { columns, rows }: StoredRows,
  table: Table,
): ReadonlyMap<string, readonly Row[]> | undefined {
  const names = columns.map(({ name }) => name);
  const candidates = schema ? [schema.shape.itemKey] : [table.itemKey, ...names];
  for (const candidate of candidates.filter((name) => names.includes(name))) {
    const byItem = rowsByItem(candidate, rows);
    if (items.every(({ id, rows: count }) => (byItem.get(id)?.length ?? 0) === count)) return byItem;
  }
  return undefined;
}

/** True where the files have the columns of today's table: of text they do not say whether it is JSON. */
export function hasTodaysColumns(columns: readonly Column[], table: Table): boolean {
  const facts = (column: { name: string; type: string; isRequired: boolean }) =>
    [column.name, column.type === 'json' ? 'string' : column.type, column.isRequired].join();
  const stored = columns.map((each) => {
    return facts({ name: each.name, type: typeName(each), isRequired: !each.nullable });
  });
  const today = tableSchema(table).shape.columns.map(facts);
  return stored.toSorted().join('\n') === today.toSorted().join('\n');
}

/** Columns of rows that no file holds yet, as far as their cells tell. */
export function columnsOfRows(rows: readonly Row[]): Column[] {
  const types = { string: 'string', number: 'double', boolean: 'boolean' } as const;
  const columns = new Map<string, Column>();
  for (const row of rows)
    for (const [name, cell] of Object.entries(row)) {
      const type = types[typeof cell as keyof typeof types] ?? 'string';
      if (cell !== null || !columns.has(name)) columns.set(name, { name, type, nullable: true });
    }
  return [...columns.values()];
}
