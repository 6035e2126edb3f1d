import { join } from 'node:path';
import { openDirectoryObjectStore } from '../adapters/local/directory-object-store.ts';
import { manifestCatalog } from '../adapters/local/manifest-catalog.ts';
import { openSqliteStateStore } from '../adapters/local/sqlite-state-store.ts';
import { type LocalWorkQueue, openSqliteWorkQueue } from '../adapters/local/sqlite-work-queue.ts';
import { openVerifiedFiles } from '../adapters/local/verified-files.ts';
import type { Enricher } from '../core/enrich/enricher.ts';
import { MAX_DELIVERIES } from '../core/failures/retry-policy.ts';
import { BoundedMemory } from '../core/lake/bounded-memory.ts';
import type { PipelineEvent, Platform } from '../core/platform.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { VerifiedFiles } from '../core/ports/verified-files.ts';
import { isScraped } from '../core/source/derived.ts';
import type { Source } from '../core/source/source.ts';
import { type ListedSource, sourcesTogether } from '../core/source/sources-together.ts';
import { TargetWatch } from '../core/targets/target-watch.ts';
import { clockOf } from './clock.ts';
import { EnrichmentQueues } from './enrichment-queues.ts';
import { idsOf } from './ids.ts';
import { LocalFetchers } from './local-fetchers.ts';
import { SettingError } from './setting-error.ts';
import { variableOf } from './setting-names.ts';
import { applySettings, type SourceSettings } from './settings.ts';

/** Of results as they are stored: some eight partitions of a hundred pages between scrape and publish. */
const FINALIZED_BYTES = 8 * 1024 * 1024;

export interface LocalOptions {
  /** Holds the lake and the state: `.rescrape`. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onEvent?: (event: PipelineEvent) => void;
  /** @default the clock that `RESCRAPE_NOW` in `env` sets, or the machine's */
  readonly clock?: Clock;
  /** With the tables that are derived behind them: `derived-tables.ts`. */
  readonly sources: readonly ListedSource[];
  readonly enrichers: readonly Enricher[];
  /** @default `sources` are all that are listed */
  readonly everySource?: Platform['everySource'];
}

export interface LocalPlatform extends Platform {
  readonly directory: string;
  readonly verified: VerifiedFiles;
  readonly failedItems: LocalWorkQueue;
  readonly enrichmentQueue: (kind: string) => LocalWorkQueue;
  /** Milliseconds for which the host of a source still rests, because it asked for that. */
  pausedMs(source: Source): number;
  close(): Promise<void>;
}

/**
 * The platform on one machine: a directory for the lake, SQLite for the state, and in it the rate limiter of
 * all processes.
 */
export function openLocalPlatform(options: LocalOptions): LocalPlatform {
  const { directory, env, onEvent = () => {}, clock = clockOf(options.env), enrichers } = options;
  const { sources, invalidSources } = sourcesTogether(options.sources);
  const settings = sources.filter(isScraped).map((source) => applySettings(source, env));
  refuseSecrets(settings);
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  const verified = openVerifiedFiles(join(directory, 'lake'), lake);
  const state = openSqliteStateStore(join(directory, 'state.sqlite'));
  const queueIn = (file: string) =>
    openSqliteWorkQueue({ file: join(directory, file), clock, maxDeliveries: MAX_DELIVERIES });
  const failedItems = queueIn('queue.sqlite');
  const enrichmentQueues = new EnrichmentQueues((kind) => queueIn(join('queues', `enrich-${kind}.sqlite`)));
  const fetchers = new LocalFetchers(settings, clock, state);

  return {
    directory,
    lake,
    verified,
    state,
    catalog: manifestCatalog(lake),
    failedItems,
    enrichers,
    enrichmentQueue: enrichmentQueues.of,
    clock,
    sources: [...settings.map(({ source }) => source), ...sources.filter((source) => !isScraped(source))],
    ...(options.everySource && { everySource: options.everySource }),
    invalidSources,
    fetcherFor: fetchers.of,
    routesFor: fetchers.routesOf,
    pausedMs: fetchers.pausedMs,
    newId: idsOf(clock),
    targets: new TargetWatch(),
    finalized: new BoundedMemory(FINALIZED_BYTES),
    emit: onEvent,
    close: async () => {
      await fetchers.close();
      failedItems.close();
      enrichmentQueues.close();
      state.close();
      verified.close();
      lake.close();
    },
  };
}

/** Without the secret the requests would go straight. */
function refuseSecrets(settings: readonly SourceSettings[]): void {
  const given = settings.find(({ proxiesSecret }) => proxiesSecret !== undefined)?.source.name;
  if (given === undefined) return;
  const [secret, list] = [variableOf(given, 'PROXIES_SECRET'), variableOf(given, 'PROXIES')];
  throw new SettingError(`${secret} is read in a deployment only: list the proxies in ${list} here`);
}
