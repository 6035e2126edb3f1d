import * as z from 'zod';
import { type FailureState, isClaimed } from '../failures/failure.ts';
import { FAILURE_STATES } from '../failures/failure-schema.ts';
import { pacesSchema } from '../fetch/permit-store.ts';
import type { Platform } from '../platform.ts';
import type { DocumentName, StateStore } from '../ports/state-store.ts';
import { MAX_WRITES } from '../ports/state-transaction.ts';
import type { QueueDepth } from '../ports/work-queue.ts';
import { withPartitionValue } from '../source/partition.ts';

type Queues = Pick<Platform, 'failedItems' | 'enrichers' | 'enrichmentQueue'>;
type Stores = Pick<Platform, 'state' | 'clock'> & Queues;

/** What a reset forgets. A plan is a value: it can be printed, and nothing has happened yet. */
export interface ResetPlan {
  readonly targets: number;
  /** Targets that are skipped now and will be scraped again. */
  readonly flagged: readonly { readonly target: string; readonly reason: string }[];
  readonly failures: Readonly<Record<FailureState, number>>;
  readonly runs: number;
  /** Failures that are being tried at this moment. */
  readonly retrying: number;
  /** Runs that have not ended, as far as anybody knows: what a live one writes after the reset stays. */
  readonly running: readonly string[];
  readonly partitions: number;
  /** Partitions with a version that waits for a decision. */
  readonly held: readonly string[];
  /** Hosts whose pace is kept. */
  readonly hosts: number;
  readonly entities: number;
  /** Records that wait for one that they refer to. */
  readonly parked: number;
  /** What is known of pages that a model reads. `active`: batches whose answers are still to come. */
  readonly extraction: {
    readonly batches: number;
    readonly active: number;
    readonly pages: number;
    readonly failures: number;
  };
  /** Everything else: markers of what was counted, documents that nobody can read. */
  readonly others: number;
  readonly queue: QueueDepth;
  /** Of the records of all kinds. */
  readonly enrichment: QueueDepth;
  /** Names of all the documents. */
  readonly documents: readonly DocumentName[];
}

// Of each kind only what is told, so that a state that no longer fits its own schema can be reset as well.
const flaggedSchema = z.object({
  source: z.string(),
  target: z.string(),
  skip: z.object({ reason: z.string() }),
});
const failureSchema = z.object({
  state: z.enum(FAILURE_STATES),
  claim: z.object({ until: z.number() }).nullish(),
});
const runningSchema = z.object({
  status: z.literal('running'),
  input: z.object({ source: z.string(), runId: z.string() }),
});
const heldSchema = withPartitionValue(z.object({ value: z.string(), date: z.string(), held: z.string() }));

/**
 * Reads the whole state. `Scan` of DynamoDB and `PurgeQueue` of SQS are the operator's; no function has them.
 */
export async function planReset(stores: Stores): Promise<ResetPlan> {
  const { state, failedItems, clock } = stores;
  const documents = await Array.fromAsync(state.scan());
  const byKind = Map.groupBy(documents, ({ partition }) => kindOf(partition));
  const count = (kind: string) => byKind.get(kind)?.length ?? 0;
  const partitionsOf = (kind: string) => new Set(byKind.get(kind)?.map(({ partition }) => partition));
  const read = <T>(kind: string, schema: z.ZodType<T>) => readAll(state, partitionsOf(kind), schema);

  const failures = { open: 0, queued: 0, dead: 0, recovered: 0, dismissed: 0 };
  let retrying = 0;
  for (const { value } of await read('failures', failureSchema)) {
    failures[value.state]++;
    if (isClaimed({ claim: value.claim ?? null }, clock.now())) retrying++;
  }
  const hosts = await read('hosts', pacesSchema);
  const told = [
    ...['targets', 'failures', 'runs', 'partitions', 'entities', 'parked'],
    ...['extract-batches', 'extract-pages', 'extract-failures'],
  ];
  const counted = [...told.map(count), hosts.length];
  const unreadable = count('failures') - Object.values(failures).reduce((sum, n) => sum + n, 0);
  return {
    targets: count('targets'),
    flagged: (await read('targets', flaggedSchema)).map(({ value: { source, target, skip } }) => ({
      target: `${source}/${target}`,
      reason: skip.reason,
    })),
    failures,
    retrying,
    runs: count('runs'),
    running: (await read('runs', runningSchema)).map(
      ({ value }) => `${value.input.source} ${value.input.runId}`,
    ),
    partitions: count('partitions'),
    held: (await read('partitions', heldSchema)).map(
      ({ partition, value: { value, date } }) => `${afterKind(partition)}/${value}/${date}`,
    ),
    hosts: hosts.reduce((sum, { value }) => sum + Object.keys(value).length, 0),
    entities: count('entities'),
    parked: count('parked'),
    extraction: {
      batches: count('extract-batches'),
      active: count('extract-active'),
      pages: count('extract-pages'),
      failures: count('extract-failures'),
    },
    others: documents.length - counted.reduce((sum, n) => sum + n, 0) + unreadable,
    queue: await failedItems.depth(),
    enrichment: await enrichmentDepth(stores),
    documents,
  };
}

/**
 * Forgets the state: first the messages, so that none comes of which nothing is known, then the documents. A
 * crash on the way leaves some of them; the same again takes the rest. The lake is not touched. Returns how
 * many documents went.
 */
export async function reset(
  { state, ...queues }: Pick<Stores, 'state'> & Queues,
  onDeleted: (documents: number) => void = () => {},
): Promise<number> {
  await queues.failedItems.clear();
  for (const { kind } of queues.enrichers) await queues.enrichmentQueue(kind).clear();
  let deleted = 0;
  let group: DocumentName[] = [];
  const flush = async (): Promise<void> => {
    await state.write(group.map(({ partition, sort }) => ({ kind: 'delete' as const, partition, sort })));
    deleted += group.length;
    group = [];
    onDeleted(deleted);
  };
  for await (const name of state.scan()) if (group.push(name) === MAX_WRITES) await flush();
  if (group.length > 0) await flush();
  return deleted;
}

async function enrichmentDepth({ enrichers, enrichmentQueue }: Queues): Promise<QueueDepth> {
  const sum = { due: 0, delayed: 0, inFlight: 0, dead: 0 };
  for (const { kind } of enrichers) {
    const depth = await enrichmentQueue(kind).depth();
    for (const where of Object.keys(sum) as (keyof QueueDepth)[]) sum[where] += depth[where];
  }
  return sum;
}

/** Documents of these partitions that the schema fits. */
async function readAll<T>(
  state: StateStore,
  partitions: ReadonlySet<string>,
  schema: z.ZodType<T>,
): Promise<{ readonly partition: string; readonly value: T }[]> {
  const found: { partition: string; value: T }[] = [];
  for (const partition of partitions) {
    for await (const document of state.query(partition)) {
      const { success, data } = schema.safeParse(document.value);
      if (success) found.push({ partition, value: data });
    }
  }
  return found;
}

/** `failures` of `failures#racing`. */
function kindOf(partition: string): string {
  return partition.split('#', 1)[0]!;
}

function afterKind(partition: string): string {
  return partition.slice(kindOf(partition).length + 1);
}
