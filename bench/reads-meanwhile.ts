import { CorruptLakeError } from '../core/lake/manifest.ts';
import { PartitionVersions } from '../core/lake/partition-versions.ts';
import type { ScrapeResult } from '../core/lake/scrape-result.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import { racing } from '../sources/racing/source.ts';
import { MARK, rowsOf } from './scraped-partitions.ts';

export interface Reads {
  /** Versions that were read, and of how many of the partitions both the old and the new one. */
  readonly versions: number;
  readonly both: number;
  /** What was no whole version, or none at all. */
  readonly torn: readonly string[];
}

/**
 * Reads every partition again and again, as fast as it can, while all are overwritten: each time it must find
 * all rows of one version and none of another.
 */
export async function readWhile(
  overwrite: () => Promise<unknown>,
  lake: ObjectStore,
  scraped: readonly ScrapeResult[],
): Promise<Reads> {
  const torn: string[] = [];
  const seen = scraped.map(() => new Set<unknown>());
  let versions = 0;
  let isOver = false;
  const readAll = async () => {
    for (const [at, each] of scraped.entries()) {
      const store = new PartitionVersions(lake, racing.table, each.partition);
      try {
        const current = await store.current();
        const rows = current ? await store.rows(current.descriptor) : [];
        const marks = new Set(rows.map((row) => row[MARK]));
        versions++;
        for (const mark of marks) seen[at]!.add(mark);
        if (rows.length !== rowsOf(each).length || (rows.length > 0 && marks.size !== 1))
          torn.push(`${each.partition.value}/${each.partition.date}: ${rows.length} rows of ${[...marks]}`);
      } catch (error) {
        if (!(error instanceof CorruptLakeError)) throw error;
        torn.push(error.message);
      }
    }
  };
  await readAll();
  const reading = (async () => {
    while (!isOver) await readAll();
    await readAll();
  })();
  await overwrite().finally(() => (isOver = true));
  await reading;
  return { versions, both: seen.filter(({ size }) => size === 2).length, torn };
}
