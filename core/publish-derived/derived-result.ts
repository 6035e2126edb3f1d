import type { PartitionJob } from '../job.ts';
import type { ItemResult, ScrapeResult } from '../lake/scrape-result.ts';

/**
 * What was made of things that are on record here, as a scrape of them. `lookedAt`: milliseconds. `targets`:
 * where only these were looked at, and all else of the partition stays.
 */
export function derivedResult(
  { source, runId, partition }: Omit<PartitionJob, 'crawl'>,
  lookedAt: number,
  items: readonly ItemResult[],
  targets?: readonly string[],
): ScrapeResult {
  const { name, parserVersion } = source;
  const index = { url: '', checkedAt: lookedAt, parserVersion, capture: null };
  return {
    runId,
    origin: 'derived',
    source: name,
    partition,
    parserVersion,
    index: targets
      ? { kind: 'targets', index: { ...index, ofTargets: true }, targets }
      : { kind: 'listed', index },
    items,
    attempts: 0,
    wireBytes: 0,
  };
}
