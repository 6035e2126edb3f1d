import type { PartitionJob } from '../job.ts';
import { partitionName } from '../lake/layout.ts';
import { unlessCorrupt } from '../lake/manifest.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { ScrapeResult } from '../lake/scrape-result.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import type { Platform } from '../platform.ts';
import { catalogPartition } from '../publish/catalog-partition.ts';
import { checkEngines } from '../publish/check-engines.ts';
import { publishResult } from '../publish/publish-over.ts';
import { recordPublish } from '../publish/record.ts';
import { entityKindOf, extractionOf } from '../source/derived.ts';
import type { Partition, Source } from '../source/source.ts';
import { LookClock, lastLookOf } from '../state/look-clock.ts';
import { sinceRegistered } from '../targets/register.ts';
import type { TargetRecord } from '../targets/target.ts';
import { BY_ITSELF } from '../targets/target-events.ts';
import { TargetStore } from '../targets/target-store.ts';
import {
  claimPublication,
  type DerivedPlace,
  mergePublicationLogs,
  releasePublication,
} from './publication-claim.ts';

export interface PublicationOptions {
  /** True where nobody else publishes these: a claim that is there is that of a process that died. */
  readonly isAlone?: boolean;
  /** Asked before each partition: somebody wants this to end. */
  readonly mustStop?: () => boolean;
}

/** What became of a partition of one table. `claimed`: another publication has it, until then (ms). */
export interface PublishedPartition {
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
  readonly partitions: readonly PublishedPartition[];
  /** True where it was stopped before it came to the end. */
  readonly isStopped: boolean;
}

/** The current version of the partition, and a time that orders this look after all before it (ms). */
export interface BeforeIt {
  readonly current: VersionDescriptor | undefined;
  readonly lookedAt: number;
}

/** How a partition is made, table by table, and how what was marked as changed is struck off. */
export interface Making {
  /** Of one table; called for each of the tables in turn, behind the claim. */
  resultOf(context: Omit<PartitionJob, 'crawl'>, before: BeforeIt): Promise<ScrapeResult>;
  /** Every table has it now: what was read is no longer to be published. */
  published(): Promise<void>;
  /**
   * It took so long that another publication came in between, and this one may have committed over it what
   * it had read before: the next one looks again.
   */
  markAgain(): Promise<void>;
}

/** Puts what a publication decided on record (`mergePublicationLogs`), and looks after query engines. */
export async function endPublication(
  platform: Platform,
  from: DerivedPlace['from'],
  { runId, isAlone }: { readonly runId: string; readonly isAlone: boolean },
  partitions: readonly PublishedPartition[],
): Promise<void> {
  const ids = partitions.map(({ outcome }) => (outcome.kind === 'published' ? outcome.runId : runId));
  await mergePublicationLogs(platform, from, new Set(ids), isAlone);
  const derived = from === 'extraction' ? extractionOf : entityKindOf;
  const sources = platform.sources.filter((source) => derived(source) !== undefined);
  const expected = partitions.flatMap(({ source: name, partition, outcome }) => {
    const source = sources.find((each) => each.name === name);
    const isThere = outcome.kind === 'published' && outcome.result.version !== null;
    return source && isThere ? [catalogPartition({ platform, source, partition })] : [];
  });
  await checkEngines(platform, sources, expected);
}

/**
 * Commits a partition of tables that are made of the same things, one table after the other. It may die at
 * any point and be begun anew, and any number may be under way: the partition belongs to one of them. What
 * could not be published stays marked: a person mends the partition, and the next publication comes.
 */
export async function publishPartition(
  platform: Platform,
  sources: readonly Source[],
  place: DerivedPlace,
  publication: { readonly runId: string; readonly isAlone: boolean },
  making: Making,
): Promise<PublishedPartition[]> {
  const { partition } = place;
  const named = sources.map(({ name }) => {
    return { source: name, partition, name: partitionName(name, partition) };
  });
  const claim = await claimPublication(platform, sources, place, publication);
  if ('until' in claim)
    return named.map((each) => ({ ...each, outcome: { kind: 'claimed', until: claim.until } }));
  const { runId } = claim;
  const answers: PublishResult[] = [];
  for (const source of sources) {
    const context = { platform, source, runId, partition };
    await registerValue(platform, source, partition.value);
    const versions = new PartitionVersions(platform.lake, source.table, partition);
    // Publishing says what is wrong with it.
    const current = (await versions.current().catch(unlessCorrupt))?.descriptor;
    const lookedAt = new LookClock(platform.clock, lastLookOf(current)).order(platform.clock.now());
    const result = await making.resultOf(context, { current, lookedAt });
    const answer = await publishResult(context, result);
    await recordPublish(context, result, answer, 'publication');
    platform.emit({ kind: 'published', source: source.name, partition, result: answer });
    answers.push(answer);
  }
  const isDone = answers.every(({ status }) => status === 'committed' || status === 'unchanged');
  if (isDone) await making.published();
  const isOurs = await releasePublication(platform, place, claim);
  if (!isOurs && isDone) await making.markAgain();
  return named.map((each, at) => ({ ...each, outcome: { kind: 'published', runId, result: answers[at]! } }));
}

/** The value of a partition is a target of the table as soon as something of it is published. */
async function registerValue({ state, clock }: Platform, { name }: Source, value: string): Promise<void> {
  const store = new TargetStore(state);
  if ((await store.get(name, value)).attributes !== null) return;
  const by = { actor: BY_ITSELF, at: clock.now() };
  const register = (record: TargetRecord) =>
    record.attributes === null ? sinceRegistered(record, { ...record, attributes: {} }, by.at) : record;
  await store.update(name, value, register, { ...by, isImport: true });
}
