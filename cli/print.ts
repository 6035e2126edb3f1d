import { createRequire } from 'node:module';
import { oneLine } from '../core/report/document.ts';

export interface PrintColumn {
  readonly name: string;
  readonly title?: string;
  readonly alignment?: 'left' | 'right';
}

/** A table for people: plain text, numbers to the right, no colours. */
export function printTable(
  columns: readonly PrintColumn[],
  rows: readonly Readonly<Record<string, unknown>>[],
): void {
  const table = new (tablePrinter().Table)({
    columns: columns.map(({ name, title, alignment }) => ({
      name,
      title: title ?? name,
      alignment: alignment ?? 'left',
    })),
    shouldDisableColors: true,
  });
  for (const row of rows)
    table.addRow(Object.fromEntries(columns.map(({ name }) => [name, cellText(row[name])])));
  table.printTable();
}

/** Loaded for the first table: what prints JSON needs none of its modules. */
function tablePrinter(): typeof import('console-table-printer') {
  return createRequire(import.meta.url)('console-table-printer');
}

/**
 * Cells come from pages: control characters would move the cursor, marks of direction would turn the line
 * around.
 */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return oneLine(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
