import { drainEnrichment, type HandledBatch } from '../core/enrich/drain.ts';
import { StorageError } from '../core/ports/storage-error.ts';
import { forwardRecords } from '../core/publish-entities/forward.ts';
import { type PublishedEnrichment, publishEnriched } from '../core/publish-entities/publish-enriched.ts';
import type { LocalPlatform } from './local.ts';
import { publishingAlone } from './publication-lock.ts';
import { RunInProgressError } from './run-lock.ts';

/** Records that were enriched, by what became of them, and what was published then. */
export type EnrichmentEnd =
  | {
      readonly kind: 'done';
      readonly processed: number;
      readonly stored: number;
      readonly parked: number;
      readonly dead: number;
      readonly publication: PublishedEnrichment;
    }
  /** A store did not do its work; what is left is done by the next one, or by `enrich publish`. */
  | { readonly kind: 'failed'; readonly message: string };

/** Publishes what was enriched. Throws a RunInProgressError where another process is at it for a minute. */
export function publishLocally(
  platform: LocalPlatform,
  mustStop: () => boolean = () => false,
): Promise<PublishedEnrichment> {
  return publishingAlone(platform, () => publishEnriched(platform, { isAlone: true, mustStop }));
}

/** Sends on what scraped sources have, works the queues of enrichment until nothing is due, and publishes. */
export async function enrichLocally(
  platform: LocalPlatform,
  mustStop: () => boolean = () => false,
): Promise<EnrichmentEnd> {
  const counts = { processed: 0, stored: 0, parked: 0, dead: 0 };
  const onBatch = ({ messages }: HandledBatch): void => {
    if (messages === 'untaken') return;
    for (const { answer } of messages) {
      counts.processed++;
      if (answer.kind === 'parked' || answer.kind === 'dead') counts[answer.kind]++;
      else if (answer.kind !== 'retry') counts.stored++;
    }
  };
  try {
    await forwardRecords(platform);
    await drainEnrichment(platform, { mustStop, onBatch });
    return { kind: 'done', ...counts, publication: await publishLocally(platform, mustStop) };
  } catch (error) {
    if (error instanceof StorageError || error instanceof RunInProgressError)
      return { kind: 'failed', message: error.message };
    throw error;
  }
}
