import { WarehouseError } from '../../core/ports/warehouse.ts';

const READING: ReadonlySet<string> = new Set([
  'SELECT',
  'WITH',
  'VALUES',
  'TABLE',
  'SHOW',
  'DESCRIBE',
  'EXPLAIN',
]);

/**
 * Athena would also create, insert, unload and drop with the caller's rights, which are often wide. The lake
 * is written by the pipeline and read by everybody else: throws a `WarehouseError` for a statement that is
 * not about reading.
 */
export function assertReadable(sql: string): void {
  const text = withoutComments(sql);
  if (text === '') throw new WarehouseError('the statement is empty');
  const word = /^[\s(]*([A-Za-z]+)/.exec(text)?.[1]?.toUpperCase() ?? text.slice(0, 20);
  const analyze = word === 'EXPLAIN' && /^EXPLAIN\s+ANALYZE\b/i.test(text);
  if (READING.has(word) && !analyze) return;
  throw new WarehouseError(
    `the lake can only be read: ${[...READING].join(', ')} work, ${analyze ? 'EXPLAIN ANALYZE' : word} does not`,
  );
}

function withoutComments(sql: string): string {
  return sql.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '');
}
