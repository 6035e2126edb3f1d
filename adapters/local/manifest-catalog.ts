import type { Catalog } from '../../core/ports/catalog.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';

/** `tables/<table>/<k>=<v>/…/manifest`, the layout of the lake. */
const MANIFEST = /^tables\/[^/]+\/((?:[^/=]+=[^/]+\/)+)manifest$/;

/**
 * The catalog where queries read the manifests themselves: a partition is known as soon as its manifest
 * stands, so registering one is nothing to do.
 */
export function manifestCatalog(lake: Pick<ObjectStore, 'list'>): Catalog {
  return {
    async registerPartition() {},
    // Their columns are those of the schema, whenever it is asked.
    alignPartitions: async () => ({ updated: 0, left: 0 }),
    async *partitions(table) {
      for await (const { key } of lake.list(`tables/${table}/`)) {
        const folders = MANIFEST.exec(key)?.[1];
        if (folders === undefined) continue;
        yield folders
          .slice(0, -1)
          .split('/')
          .map((folder) => folder.slice(folder.indexOf('=') + 1));
      }
    },
  };
}
