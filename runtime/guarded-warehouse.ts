import { findStrayObject } from '../core/lake/stray-objects.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import { namesIn, type Warehouse } from '../core/ports/warehouse.ts';
import type { Source } from '../core/source/source.ts';

/**
 * A warehouse whose engine lists the manifests by itself, and takes any other object beside them for one:
 * before a statement that names a table, somebody looks. Throws a CorruptLakeError of one line.
 */
export function guardedWarehouse(
  warehouse: Warehouse,
  { lake, sources }: { readonly lake: ObjectStore; readonly sources: readonly Source[] },
): Warehouse {
  return {
    async query(sql, parameters) {
      const words = namesIn(sql);
      for (const { table } of sources) {
        const stray = words.has(table.name) ? await findStrayObject(lake, table) : undefined;
        if (stray) throw stray;
      }
      return warehouse.query(sql, parameters);
    },
    close: () => warehouse.close(),
  };
}
