import { expireParked } from '../enrich/expire-parked.ts';
import type { Platform } from '../platform.ts';
import type { Publication, PublicationOptions } from '../publish-derived/publish-partition.ts';
import { logEnrichment } from './enrichment-log.ts';
import { forwardRecords } from './forward.ts';
import { publishEntities } from './publish-entities.ts';

/** All that a scheduled publication does, with what came of it. */
export interface PublishedEnrichment extends Publication {
  /** Parked records whose time was over. */
  readonly expired: number;
  /** Records of scraped partitions that nobody had sent on yet. */
  readonly forwarded: number;
}

/**
 * Declares dead what has been parked for too long, sends on what scraped sources have and nobody forwarded,
 * publishes the entities that changed, and writes the log table of enrichment. Each of them may die at any
 * point and be begun anew.
 */
export async function publishEnriched(
  platform: Platform,
  options: PublicationOptions = {},
): Promise<PublishedEnrichment> {
  const expired = await expireParked(platform);
  const forwarded = await forwardRecords(platform);
  const publication = await publishEntities(platform, options);
  await logEnrichment(platform, publication.runId);
  return { ...publication, expired, forwarded };
}
