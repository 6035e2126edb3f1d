import type { PartitionJob } from '../job.ts';
import { type CurrentVersion, unlessCorrupt } from '../lake/manifest.ts';
import { type Merged, merge } from '../lake/merge.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { ScrapeResult } from '../lake/scrape-result.ts';
import { isWithoutResult, statsOf, type VersionDescriptor, type VersionItem } from '../lake/version.ts';
import { type PartitionRecord, PartitionStore } from '../state/partition-store.ts';

/** When an answer was decided: in order, and in milliseconds. */
export interface When {
  readonly order: number;
  readonly readAt: number;
}

/** That of what is decided from now on about the partition. */
export async function decidedNow(context: PartitionJob): Promise<When> {
  const { platform, source, partition } = context;
  return decidedAfter(context, await new PartitionStore(platform.state).get(source.table.name, partition));
}

/** That of what is decided after this record was read. */
export function decidedAfter(
  { platform, runId }: PartitionJob,
  lastRefresh: PartitionRecord | undefined,
): When {
  const order = lastRefresh?.order ?? 0;
  // Decided again after a crash, it is the same decision.
  return { order: lastRefresh?.runId === runId ? order : order + 1, readAt: platform.clock.now() };
}

/** Where no target of the partition was crawled: it is as it was. */
export async function leftAsItIs(context: PartitionJob, result: ScrapeResult): Promise<PublishResult> {
  const answer = answerOver(result, undefined, undefined, await decidedNow(context));
  return answer('unchanged', { reason: 'none of its targets was crawled' });
}

/**
 * A version that cannot be read stays as it is: what to do about it is a person's decision, and the reason
 * tells. How many items there should be is known all the same; none of them is found where nobody has its
 * rows.
 */
export async function unreadable(
  context: PartitionJob,
  result: ScrapeResult,
  reason: string,
): Promise<PublishResult> {
  const { platform, source, partition } = context;
  const store = new PartitionVersions(platform.lake, source.table, partition);
  const current = result.over ?? (await store.current().catch(unlessCorrupt));
  const laid = merge(current?.descriptor, result);
  const answer = answerOver(result, undefined, laid, await decidedNow(context))('failed', { reason });
  return { ...answer, stats: { ...answer.stats, found: 0, carried: 0 } };
}

/** What a version says of its list. */
export function listingOf({
  withdrawn,
  repeated,
  index,
}: VersionDescriptor): Pick<PublishResult, 'withdrawn' | 'repeated' | 'sign'> {
  return { withdrawn, repeated, sign: index.sign ?? null };
}

/** With this status; `more`: what differs from the answer where the current version stays. */
export type Answer = (status: PublishResult['status'], more?: Partial<PublishResult>) => PublishResult;

/** Answers of a publish over this current version; `merged`: what came of laying the scrape over it. */
export function answerOver(
  result: ScrapeResult,
  current: CurrentVersion | undefined,
  merged: Merged | undefined,
  { order, readAt }: When,
): Answer {
  const descriptor = current?.descriptor;
  const { kind } = result.index;
  const indexRead = kind === 'listed' || kind === 'targets' || (kind === 'none' && merged !== undefined);
  // Without an index nothing was refreshed: all that is there is carried over.
  const stats = statsOf(indexRead ? (merged?.items.map(({ item }) => item) ?? []) : carriedOver(descriptor));
  return (status, more = {}) => ({
    status,
    version: descriptor?.version ?? null,
    previous: descriptor?.version ?? null,
    stats: {
      ...stats,
      unchanged: result.items.filter(({ content }) => content.kind === 'unchanged').length,
      indexRead,
    },
    ...(descriptor ? listingOf(descriptor) : { withdrawn: [], repeated: [], sign: null }),
    rows: descriptor?.rows ?? 0,
    rowsBefore: descriptor?.rows ?? null,
    contentHash: descriptor?.contentHash ?? null,
    changed: false,
    decidedAt: readAt,
    order,
    held: null,
    reason: null,
    attempts: result.attempts,
    wireBytes: result.wireBytes,
    ...more,
  });
}

function carriedOver(descriptor: VersionDescriptor | undefined): VersionItem[] {
  return (descriptor?.items ?? []).map((item) =>
    item.state === 'failed' || isWithoutResult(item.state) ? item : { ...item, state: 'carried' },
  );
}
