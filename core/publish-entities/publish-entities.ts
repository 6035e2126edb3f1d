import type { Enricher } from '../enrich/enricher.ts';
import {
  changedPartitions,
  type EntityPartition,
  keptChange,
  removeChanges,
} from '../enrich/entity-changes.ts';
import type { PartitionJob } from '../job.ts';
import { partitionName } from '../lake/layout.ts';
import { CorruptLakeError } from '../lake/manifest.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import type { Platform } from '../platform.ts';
import { publishResult } from '../publish/publish.ts';
import { recordPublish } from '../publish/record.ts';
import type { Partition, Source } from '../source/source.ts';
import { LookClock, lastLookOf } from '../state/look-clock.ts';
import { sinceRegistered } from '../targets/register.ts';
import { BY_ITSELF } from '../targets/target-events.ts';
import { TargetStore } from '../targets/target-store.ts';
import { entityResult, type ReadChange } from './entity-result.ts';
import { claimPublication, mergePublicationLogs, releasePublication } from './publication-claim.ts';

export interface PublishEntitiesOptions {
  /** True where nobody else publishes: a claim that is there is that of a process that died. */
  readonly isAlone?: boolean;
  /** Asked before each partition: somebody wants this to end. */
  readonly mustStop?: () => boolean;
}

/** What became of one partition. `claimed`: another publication is at it, until then (milliseconds). */
export interface PublishedEntities {
  readonly source: string;
  readonly partition: Partition;
  readonly name: string;
  readonly outcome:
    | { readonly kind: 'published'; readonly runId: string; readonly result: PublishResult }
    | { readonly kind: 'claimed'; readonly until: number };
}

/** One publication: on record in commits and partitions under its id, as a retry is. */
export interface Publication {
  readonly runId: string;
  readonly partitions: readonly PublishedEntities[];
  /** True where it was stopped before it came to the end. */
  readonly isStopped: boolean;
}

/**
 * Commits the entities that changed since they were published last into their partitions, one partition after
 * the other; only what is marked as changed is read. Where nothing changed nothing is written. It may die at
 * any point and be begun anew, and any number may be under way: each partition belongs to one of them.
 */
export async function publishEntities(
  platform: Platform,
  { isAlone = false, mustStop = () => false }: PublishEntitiesOptions = {},
): Promise<Publication> {
  const runId = platform.newId();
  const partitions: PublishedEntities[] = [];
  let isStopped = false;
  for (const enricher of platform.enrichers) {
    const source = platform.sources.find(({ entity }) => entity?.kind === enricher.kind);
    // Its table is not valid, and the commands say so.
    if (!source) continue;
    for await (const place of changedPartitions(platform.state, enricher.kind)) {
      isStopped ||= mustStop();
      if (isStopped) break;
      partitions.push(await publishPartition(platform, source, enricher, place, { runId, isAlone }));
    }
  }
  const ids = partitions.map(({ outcome }) => (outcome.kind === 'published' ? outcome.runId : runId));
  await mergePublicationLogs(platform, new Set(ids), isAlone);
  return { runId, partitions, isStopped };
}

async function publishPartition(
  platform: Platform,
  source: Source,
  enricher: Enricher,
  place: EntityPartition,
  publication: { readonly runId: string; readonly isAlone: boolean },
): Promise<PublishedEntities> {
  const partition: Partition = { value: place.feed, date: place.date };
  const named = { source: source.name, partition, name: partitionName(source.name, partition) };
  const claim = await claimPublication(platform, source, place, publication);
  if ('until' in claim) return { ...named, outcome: { kind: 'claimed', until: claim.until } };
  const { runId } = claim;
  const context: PartitionJob = { platform, source, runId, partition };
  await registerFeed(platform, source, place.feed);
  const current = await currentOf(context);
  const now = platform.clock.now();
  const lookedAt = new LookClock(platform.clock, lastLookOf(current)).order(now);
  const { result, read } = await entityResult(context, enricher, place, { current, lookedAt });
  const answer = await publishResult(context, result);
  await recordPublish(context, result, answer, 'publication');
  platform.emit({ kind: 'published', source: source.name, partition, result: answer });
  // What could not be published stays marked: a person mends the partition, and the next publication comes.
  const isDone = answer.status === 'committed' || answer.status === 'unchanged';
  if (isDone) await removeChanges(platform.state, read);
  const isOurs = await releasePublication(platform, place, claim);
  if (!isOurs && isDone) await markAgain(platform, read);
  return { ...named, outcome: { kind: 'published', runId, result: answer } };
}

/**
 * It took so long that another publication came in between, and this one may have committed over it what it
 * had read before: the next one looks again.
 */
async function markAgain({ state }: Platform, read: readonly ReadChange[]): Promise<void> {
  for (const { change } of read) await state.write([await keptChange(state, change)]);
}

async function currentOf({
  platform,
  source,
  partition,
}: PartitionJob): Promise<VersionDescriptor | undefined> {
  try {
    return (await new PartitionVersions(platform.lake, source.table, partition).current())?.descriptor;
  } catch (error) {
    // Publishing says what is wrong with it.
    if (error instanceof CorruptLakeError) return undefined;
    throw error;
  }
}

/** A feed is a target of the table as soon as something of it is published. */
async function registerFeed({ state, clock }: Platform, { name }: Source, feed: string): Promise<void> {
  const store = new TargetStore(state);
  if ((await store.get(name, feed)).attributes !== null) return;
  const by = { actor: BY_ITSELF, at: clock.now() };
  const register = (record: Awaited<ReturnType<TargetStore['get']>>) =>
    record.attributes === null ? sinceRegistered(record, { ...record, attributes: {} }, by.at) : record;
  await store.update(name, feed, register, { ...by, isImport: true });
}
