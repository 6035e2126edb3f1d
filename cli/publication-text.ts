import type { PublishResult } from '../core/lake/publish-result.ts';
import type { Publication, PublishedPartition } from '../core/publish-derived/publish-partition.ts';
import type { PublishedEnrichment } from '../core/publish-entities/publish-enriched.ts';
import { isoTime } from '../core/wording/times.ts';
import { counted } from './list.ts';

type Result = Extract<PublishedPartition['outcome'], { kind: 'published' }>;

/** What publishing answered for each partition that nobody else was at. */
export function resultsOf({
  partitions,
}: Pick<Publication, 'partitions'>): (PublishResult & { readonly name: string })[] {
  return partitions.flatMap(({ name, outcome }) =>
    outcome.kind === 'published' ? [{ ...outcome.result, name }] : [],
  );
}

/** For programs. */
export function publicationRecord(published: PublishedEnrichment): object {
  const { runId, expired, forwarded, partitions } = published;
  return {
    run_id: runId,
    forwarded,
    expired,
    partitions: partitions.map(({ name, outcome }) => ({
      partition: name,
      ...(outcome.kind === 'claimed'
        ? { status: 'claimed', claimed_until: new Date(outcome.until).toISOString() }
        : resultRecord(outcome)),
    })),
  };
}

function resultRecord({ runId, result }: Result): object {
  const { status, stats, rows, version, reason } = result;
  const { expected, found, failed, carried, empty } = stats;
  return {
    status,
    run_id: runId,
    ...{ items_expected: expected, items_found: found, items_failed: failed, items_carried: carried },
    ...{ items_empty: empty, rows, version, reason },
  };
}

/** For people: each partition was told as it was published. */
export function publicationLines(published: PublishedEnrichment): string[] {
  const { expired, forwarded, partitions } = published;
  const results = resultsOf(published);
  const count = (status: PublishResult['status']) => results.filter((one) => one.status === status).length;
  const lines = [
    `${counted(results.length, 'partition')} of entities published: ${count('committed')} committed, ` +
      `${count('unchanged')} unchanged, ${count('failed') + count('held')} failed`,
  ];
  if (forwarded > 0)
    lines.push(`${counted(forwarded, 'record')} sent on to be enriched; a worker stores them`);
  if (expired > 0) lines.push(`${counted(expired, 'record')} parked for too long, and dead now`);
  for (const { name, outcome } of partitions)
    if (outcome.kind === 'claimed')
      lines.push(
        `${name} is left to another publication; if that died, it is free at ${isoTime(outcome.until)}`,
      );
  return lines;
}
