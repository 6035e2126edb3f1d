import type { Merged, MergedItem } from '../lake/merge.ts';
import { rowSchemaOf, type VersionDescriptor } from '../lake/version.ts';

/**
 * Says of each item that keeps older rows by which schema they were read: with that of the version before,
 * where it is not today's. `isReread`: an item has rows of today's schema now that had none, which is worth a
 * version even where their values are the same.
 */
export function withRowSchemas(
  merged: Merged,
  current: VersionDescriptor | undefined,
  today: string,
): { readonly merged: Merged; readonly isReread: boolean } {
  const before = new Map(current?.items.map((item) => [item.id, rowSchemaOf(item, current)]));
  let isReread = false;
  const items = merged.items.map(({ item: { schema, ...item }, rows }): MergedItem => {
    const was = before.get(item.id) ?? today;
    // Of rows that were read now, it is there where another program read them.
    const is = (rows === 'keep' ? was : schema) ?? today;
    const isOlder = item.rows > 0 && is !== today;
    isReread ||= !isOlder && was !== today;
    return isOlder ? { item: { ...item, schema: is }, rows } : { item, rows };
  });
  return { merged: { ...merged, items }, isReread };
}
