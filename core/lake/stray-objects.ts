import type { ObjectStore } from '../ports/object-store.ts';
import type { Table } from '../source/source.ts';
import { manifestPlace, manifestPrefix } from './layout.ts';
import { CorruptLakeError } from './manifest.ts';

/**
 * An object among the manifests of the table that is none; undefined where there is no such thing. Query
 * engines read each object there as a manifest: a copy of one counts its rows twice. Partitions by a column
 * that the table was divided by before are in no catalog, and nobody reads them.
 */
export async function findStrayObject(
  lake: Pick<ObjectStore, 'list' | 'uri'>,
  table: Table,
): Promise<CorruptLakeError | undefined> {
  for await (const { key } of lake.list(manifestPrefix(table)))
    if (!manifestPlace(table, key)) return strayObject(lake, table, key);
  return undefined;
}

export function strayObject(lake: Pick<ObjectStore, 'uri'>, table: Table, key: string): CorruptLakeError {
  return new CorruptLakeError(
    `${lake.uri(key)} is no manifest of ${table.name}: query engines read every file there, so move it away`,
  );
}
