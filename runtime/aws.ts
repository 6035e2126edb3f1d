import type { AwsConnection } from '../adapters/aws/client-settings.ts';
import { openDynamoStateStore } from '../adapters/aws/dynamo-state-store.ts';
import { openGlueCatalog } from '../adapters/aws/glue-catalog.ts';
import { openS3ObjectStore } from '../adapters/aws/s3-object-store.ts';
import { openSnsNotifier } from '../adapters/aws/sns-notifier.ts';
import { openSqsWorkQueue } from '../adapters/aws/sqs-work-queue.ts';
import { openStepFunctionsExecutions } from '../adapters/aws/step-functions-executions.ts';
import { systemClock } from '../adapters/local/system-clock.ts';
import type { Enricher } from '../core/enrich/enricher.ts';
import type { PipelineEvent, Platform } from '../core/platform.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import { StorageError } from '../core/ports/storage-error.ts';
import { isScraped } from '../core/source/derived.ts';
import { type ListedSource, sourcesTogether } from '../core/source/sources-together.ts';
import { TargetWatch } from '../core/targets/target-watch.ts';
import { connectionOf } from './aws-connection.ts';
import { EnrichmentQueues } from './enrichment-queues.ts';
import { idsOf } from './ids.ts';
import { applySettings, type SourceSettings } from './settings.ts';

export interface QueueUrls {
  readonly queueUrl: string;
  readonly deadLettersUrl?: string;
}

/** What a deployment is made of, as far as the caller has a use for it. */
export interface AwsResources {
  readonly bucket: string;
  readonly table: string;
  /** Of Glue. */
  readonly database?: string;
  readonly failedItems?: QueueUrls;
  /** Of the records of each kind. */
  readonly enrichmentQueues?: ReadonlyMap<string, QueueUrls>;
  readonly topicArn?: string;
  /** Where the resources were found; named in errors. */
  readonly stack?: string;
}

export interface AwsOptions {
  /** For the settings of sources (`RESCRAPE_<SOURCE>_…`). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onEvent?: (event: PipelineEvent) => void;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** With the tables that are derived, where something is done about them. */
  readonly sources: readonly ListedSource[];
  readonly enrichers: readonly Enricher[];
  /** @default `sources` are all there are */
  readonly everySource?: Platform['everySource'];
  /** @default `connectionOf(env)` */
  readonly connection?: AwsConnection;
}

export interface AwsPlatform extends Platform {
  close(): Promise<void>;
}

export interface Given {
  readonly resources: AwsResources;
  readonly settings: readonly SourceSettings[];
  readonly clock: Clock;
  readonly state: StateStore;
  readonly connection: AwsConnection;
}

/** Something that not every function has a use for: what a function does not name is not in its bundle. */
export type AwsPart = (given: Given) => {
  readonly ports: Partial<
    Pick<
      Platform,
      'catalog' | 'failedItems' | 'enrichmentQueue' | 'notifier' | 'fetcherFor' | 'routesFor' | 'executions'
    >
  >;
  close(): void | Promise<void>;
};

/**
 * Something is used that was not provided: a bug in a function's parts or contract (`lambdas/contracts.ts`).
 */
class MissingPart extends Error {
  override readonly name = 'MissingPart';
}

export function withGlue({ resources, clock, connection }: Given): ReturnType<AwsPart> {
  const catalog = openGlueCatalog({ database: needed(resources, 'database'), clock, connection });
  return { ports: { catalog }, close: () => catalog.close() };
}

export function withSqs({ resources, connection }: Given): ReturnType<AwsPart> {
  const { stack } = resources;
  const queues = needed(resources, 'failedItems');
  const failedItems = openSqsWorkQueue({ ...queues, ...(stack !== undefined && { stack }), connection });
  return { ports: { failedItems }, close: () => failedItems.close() };
}

export function withEnrichmentQueues({ resources, connection }: Given): ReturnType<AwsPart> {
  const urls = needed(resources, 'enrichmentQueues');
  const { stack } = resources;
  const queues = new EnrichmentQueues((kind) => {
    const own = urls.get(kind);
    if (own) return openSqsWorkQueue({ ...own, ...(stack !== undefined && { stack }), connection });
    if (stack === undefined)
      throw new MissingPart(`the queue of ${kind} is used here, and nobody said what it is called`);
    throw new StorageError(`the stack ${stack} has no queue for ${kind}: deploy it again with this version`);
  });
  return { ports: { enrichmentQueue: queues.of }, close: () => queues.close() };
}

export function withSns({ resources, connection }: Given): ReturnType<AwsPart> {
  const notifier = openSnsNotifier({ topicArn: needed(resources, 'topicArn'), connection });
  return { ports: { notifier }, close: () => notifier.close() };
}

export function withExecutions({ connection }: Given): ReturnType<AwsPart> {
  const executions = openStepFunctionsExecutions(connection);
  return { ports: { executions }, close: () => executions.close() };
}

/**
 * The platform on AWS: S3 for the lake, DynamoDB for the state, and the parts. Opens no connection before it
 * is used.
 */
export function openAwsPlatform(
  resources: AwsResources,
  parts: readonly AwsPart[],
  options: AwsOptions,
): AwsPlatform {
  const { env, onEvent = () => {}, clock = systemClock, connection = connectionOf(env) } = options;
  const { enrichers, everySource } = options;
  const { sources, invalidSources } = sourcesTogether(options.sources);
  const settings = sources.filter(isScraped).map((source) => applySettings(source, env));
  const lake = openS3ObjectStore({ bucket: resources.bucket, clock, connection });
  const state = openDynamoStateStore({ table: resources.table, clock, connection });
  const opened = parts.map((part) => part({ resources, settings, clock, state, connection }));
  return {
    catalog: absent('catalog'),
    failedItems: absent('failedItems'),
    enrichers,
    enrichmentQueue: () => absent('enrichmentQueue'),
    fetcherFor: () => absent('fetcherFor'),
    ...Object.assign({}, ...opened.map(({ ports }) => ports)),
    lake,
    state,
    clock,
    targets: new TargetWatch(),
    sources: [...settings.map(({ source }) => source), ...sources.filter((source) => !isScraped(source))],
    invalidSources,
    ...(everySource && { everySource }),
    newId: idsOf(clock),
    emit: onEvent,
    close: async () => {
      await Promise.all(opened.map((part) => part.close()));
      lake.close();
      state.close();
    },
  };
}

function needed<Name extends keyof AwsResources>(
  resources: AwsResources,
  name: Name,
): NonNullable<AwsResources[Name]> {
  const resource = resources[name];
  if (resource !== undefined) return resource;
  throw new MissingPart(`${name} is used here, and nobody said what it is called`);
}

/** A port that nobody provided: whoever uses it learns which one. */
function absent<Port extends object>(port: keyof Platform): Port {
  return new Proxy({} as Port, {
    get: (_, method) => () => {
      throw new MissingPart(`${port}.${String(method)} is used here, and no part provides it`);
    },
  });
}
