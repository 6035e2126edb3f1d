import type { Enricher } from './enrich/enricher.ts';
import type { Fetcher } from './fetch/fetcher.ts';
import type { BoundedMemory } from './lake/bounded-memory.ts';
import type { PublishResult } from './lake/publish-result.ts';
import type { ScrapeResult } from './lake/scrape-result.ts';
import type { OutcomeCode } from './outcome/outcome.ts';
import type { AlignedPartitions, Catalog } from './ports/catalog.ts';
import type { Clock } from './ports/clock.ts';
import type { Executions } from './ports/executions.ts';
import type { Notifier } from './ports/notifier.ts';
import type { ObjectStore } from './ports/object-store.ts';
import type { StateStore } from './ports/state-store.ts';
import type { WorkQueue } from './ports/work-queue.ts';
import type { RoutePool } from './proxies/route-pool.ts';
import type { Partition, Source } from './source/source.ts';
import type { InvalidSource, SourcesTogether } from './source/sources-together.ts';
import type { ClockBehind } from './state/look-clock.ts';
import type { TargetRecord } from './targets/target.ts';
import type { TargetWatch } from './targets/target-watch.ts';

/** What the stages stand on. `runtime/` puts one together; nothing else does. */
export interface Platform {
  readonly lake: ObjectStore;
  readonly state: StateStore;
  readonly clock: Clock;
  /** Told of every partition that has a current version. */
  readonly catalog: Catalog;
  /** Items that used up their attempts in a run and are worth another try (`core/failures/message.ts`). */
  readonly failedItems: WorkQueue;
  /** Kinds of records that are enriched: those that others refer to first. */
  readonly enrichers: readonly Enricher[];
  /** Records of a kind that are to be enriched (`core/enrich/message.ts`). */
  enrichmentQueue(kind: string): WorkQueue;
  /** Told how a run ended; nobody where it is left out. */
  readonly notifier?: Notifier;
  /** What plays runs elsewhere; left out where they are played by this process. */
  readonly executions?: Executions;
  /** Those that can be run, as far as this process has loaded them. */
  readonly sources: readonly Source[];
  /** All that are listed; left out where these are loaded. */
  everySource?(): Promise<SourcesTogether>;
  /** Those that cannot, with their `problem`. */
  readonly invalidSources?: readonly InvalidSource[];
  fetcherFor(source: Source): Fetcher;
  /** Undefined for a source whose requests all go straight, under one User-Agent. */
  routesFor?(source: Source): Promise<RoutePool | undefined>;
  /** One for all that a process asks. */
  readonly targets: TargetWatch;
  /**
   * Results that this process has finalized, by their keys in the lake, for it to publish; left out where the
   * stages of a run are different processes.
   */
  readonly finalized?: BoundedMemory<ScrapeResult>;
  /** A fresh UUIDv7. */
  newId(): string;
  /** Told as it happens; for progress and logs. Never throws. */
  emit(event: PipelineEvent): void;
}

export type PipelineEvent =
  | { readonly kind: 'planned'; readonly runId: string; readonly partitions: number }
  | {
      readonly kind: 'attempted';
      readonly source: string;
      readonly partition: Partition;
      readonly item: string;
      readonly attempt: number;
      readonly code: OutcomeCode;
      readonly message?: string;
    }
  | {
      readonly kind: 'discovered';
      readonly source: string;
      readonly partition: Partition;
      readonly items: number;
    }
  | ClockBehind
  /** Partitions of the table got its columns in the catalog; `left` still have those of an older schema. */
  | ({ readonly kind: 'aligned'; readonly table: string } & AlignedPartitions)
  /** Something of ours went wrong that ends nothing. */
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'flagged'; readonly source: string; readonly target: string; readonly reason: string }
  /** The target was to be crawled, and is left as it is (`LeftOut`). */
  | {
      readonly kind: 'left-out';
      readonly source: string;
      readonly target: string;
      readonly reason: string;
      /** Milliseconds; null where a person decides. */
      readonly until: number | null;
    }
  /** A crawl of the target has ended; `code` of its worst item. `was`: its status until then. */
  | {
      readonly kind: 'crawled';
      readonly source: string;
      readonly target: string;
      readonly code: OutcomeCode;
      readonly was: TargetRecord['status'];
      readonly status: TargetRecord['status'];
    }
  /** The schedule of the source looked, and no target was due. */
  | { readonly kind: 'nothing-due'; readonly source: string }
  | {
      readonly kind: 'published';
      readonly source: string;
      readonly partition: Partition;
      readonly result: PublishResult;
    };

/** One line of the work list, about one partition: the input of scrape, record-failures and publish. */
export interface PartitionWork {
  readonly runId: string;
  readonly source: string;
  readonly value: string;
  readonly date: string;
  /** Those that are scraped now, where there is no index; all else of the partition stays. */
  readonly targets?: readonly string[];
  /** True asks for every page in full: no validators are sent. */
  readonly force: boolean;
}

/** An expected failure that the state machine must see by its error name (design, section 8). */
export class StageError extends Error {
  override readonly name: 'RateLimited' | 'Transient' | 'Conflict' | 'SiteUnreachable' | 'BadInput';

  constructor(name: StageError['name'], message: string) {
    super(message);
    this.name = name;
  }
}

/** Every source that can be run, whichever of them this process has loaded. */
export async function everySource({
  sources,
  everySource: load,
}: Pick<Platform, 'sources' | 'everySource'>): Promise<readonly Source[]> {
  return load ? (await load()).sources : sources;
}

export function sourceNamed(platform: Pick<Platform, 'sources' | 'invalidSources'>, name: string): Source {
  const source = platform.sources.find((candidate) => candidate.name === name);
  if (source) return source;
  const problem = problemWith(platform, name);
  if (problem !== undefined) throw new StageError('BadInput', problem);
  const known = platform.sources.map((candidate) => candidate.name).join(', ');
  throw new StageError('BadInput', `there is no source ${JSON.stringify(name)}; there is: ${known}`);
}

/** Why the source of that name cannot be run, in one line; undefined where it can, or is not there. */
export function problemWith(
  { sources, invalidSources = [] }: Pick<Platform, 'sources' | 'invalidSources'>,
  name: string,
): string | undefined {
  if (sources.some((source) => source.name === name)) return undefined;
  return invalidSources.find((source) => source.name === name)?.problem;
}
