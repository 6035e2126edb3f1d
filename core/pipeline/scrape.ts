import pLimit from 'p-limit';
import type { Validators } from '../fetch/fetcher.ts';
import { CorruptLakeError, readCurrent } from '../lake/manifest.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import { verdictFor } from '../outcome/verdict.ts';
import type { Item, Partition, Source } from '../source/source.ts';
import { afterAttempt, type SkipFlag, type TargetRecord, TargetRegister } from '../target/target.ts';
import { civilDate } from '../window/civil-date.ts';
import { type AttemptContext, attemptPage } from './attempt.ts';
import { type Checkpoint, readCheckpoints } from './checkpoint.ts';
import { type PartitionWork, type Platform, StageError, sourceNamed } from './platform.ts';
import { isSealed, seal } from './seal.ts';
import type { ScrapeAnswer } from './workflow.ts';

/** The index page is an item too: it is fetched, retried and recorded like any other. */
const INDEX_ID = 'index';

/**
 * Fetches what is missing of one partition, each page at most once per call, and seals the result when nothing is left to try.
 * Throws a StageError `RateLimited` or `Transient` where the state machine should wait and call again.
 * `mustStop` is asked before each page: time is up, or the operator has interrupted.
 */
export async function scrape(
  platform: Platform,
  work: PartitionWork,
  mustStop = () => false,
): Promise<ScrapeAnswer> {
  const source = sourceNamed(platform, work.source);
  const partition: Partition = { target: work.target, date: civilDate(work.date) };
  const context: AttemptContext = { platform, source, runId: work.runId, partition };
  if (await isSealed(context)) return { done: true };

  const current = work.force ? undefined : await knownVersion(context);
  const progress = await Progress.load(context);
  const gate = await TargetGate.open(context);

  const indexRetries = await scrapeIndex(context, current, progress, gate);
  if (indexRetries > 0) return { done: false }; // the items get their own full set of retries
  const listed = progress.listed();
  if (listed) {
    const finished = await scrapeItems(context, listed, current, progress, gate, mustStop);
    if (!finished) return { done: false };
  }
  await seal(context);
  return { done: true };
}

/** What can be asked for conditionally. Nothing where the version cannot be read: publish will say what is wrong with it. */
async function knownVersion({
  platform,
  source,
  partition,
}: AttemptContext): Promise<VersionDescriptor | undefined> {
  try {
    return (await readCurrent(platform.lake, source.table, partition))?.descriptor;
  } catch (error) {
    if (error instanceof CorruptLakeError) return undefined;
    throw error;
  }
}

/** Ends a scrape whose retries are used up: what is there is sealed, what is missing becomes failures. */
export async function giveUp(platform: Platform, work: PartitionWork): Promise<ScrapeAnswer> {
  const source = sourceNamed(platform, work.source);
  const context = {
    platform,
    source,
    runId: work.runId,
    partition: { target: work.target, date: civilDate(work.date) },
  };
  if (!(await isSealed(context))) await seal(context);
  return { done: true };
}

/** Number of retries that the index has just used up successfully; 0 where nothing was asked or the first try did. */
async function scrapeIndex(
  context: AttemptContext,
  current: VersionDescriptor | undefined,
  progress: Progress,
  gate: TargetGate,
): Promise<number> {
  const before = progress.last(INDEX_ID);
  if (before && !isRetryable(context.source, before, progress.attempts(INDEX_ID))) return 0;
  if (await gate.isShut()) return 0;
  const { source, partition } = context;
  const item: Item = { id: INDEX_ID, url: source.discover.url(partition) };
  const validators = validatorsOf(source, current?.index);
  const number = progress.attempts(INDEX_ID) + 1;
  const known = current?.items.map(({ id, url }) => ({ id, url })) ?? [];
  const checkpoint = await attemptPage(context, { kind: 'index', item, known }, number, validators);
  progress.add(checkpoint);
  await gate.note(checkpoint);
  if (isRetryable(source, checkpoint, number)) throw retryError([checkpoint]);
  const listed = progress.listed();
  if (listed)
    context.platform.emit({ kind: 'discovered', source: source.name, partition, items: listed.length });
  return listed ? number - 1 : 0;
}

/** One pass over the items that have no final outcome yet. False where it had to stop first. */
async function scrapeItems(
  context: AttemptContext,
  listed: readonly Item[],
  current: VersionDescriptor | undefined,
  progress: Progress,
  gate: TargetGate,
  mustStop: () => boolean,
): Promise<boolean> {
  const { source } = context;
  const known = new Map(current?.items.map((item) => [item.id, item]));
  const limit = pLimit(source.politeness.concurrency);
  const retry: Checkpoint[] = [];
  let stopped = false;
  await limit.map(
    listed.filter((item) => progress.isOpen(source, item.id)),
    async (item) => {
      stopped ||= mustStop();
      if (stopped || (await gate.isShut())) return;
      const before = known.get(item.id);
      const validators = before?.state === 'failed' ? undefined : validatorsOf(source, before);
      const number = progress.attempts(item.id) + 1;
      const checkpoint = await attemptPage(context, { kind: 'item', item }, number, validators);
      progress.add(checkpoint);
      await gate.note(checkpoint);
      if (isRetryable(source, checkpoint, number)) retry.push(checkpoint);
    },
  );
  if (stopped) return false;
  if (retry.length > 0 && !(await gate.isShut())) throw retryError(retry);
  return true;
}

/** Validators are only sent where the rows that a 304 would keep were made by today's parser. */
function validatorsOf(
  source: Source,
  page:
    | {
        readonly parserVersion: number;
        readonly etag?: string | undefined;
        readonly lastModified?: string | undefined;
      }
    | undefined,
): Validators | undefined {
  if (!page || page.parserVersion !== source.parserVersion) return undefined;
  const { etag, lastModified } = page;
  if (etag === undefined && lastModified === undefined) return undefined;
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

function isRetryable(source: Source, checkpoint: Checkpoint, attempts: number): boolean {
  return verdictFor(checkpoint.outcome, source, { retries: attempts - 1 }).verdict === 'retry';
}

function retryError(checkpoints: readonly Checkpoint[]): StageError {
  const limited = checkpoints.find((checkpoint) => checkpoint.outcome.code === 'RATE_LIMITED');
  const { item, outcome } = limited ?? checkpoints[0]!;
  const others = checkpoints.length > 1 ? ` (and ${checkpoints.length - 1} more)` : '';
  return new StageError(
    limited ? 'RateLimited' : 'Transient',
    `${item.id}: ${outcome.code} ${outcome.message ?? ''}${others}`,
  );
}

/** What is already on record of this scrape, by item. */
class Progress {
  readonly #last = new Map<string, Checkpoint>();
  readonly #attempts = new Map<string, number>();

  static async load({ platform, runId, source, partition }: AttemptContext): Promise<Progress> {
    const progress = new Progress();
    for await (const { checkpoint } of readCheckpoints(platform.lake, runId, source.name, partition))
      progress.add(checkpoint);
    return progress;
  }

  add(checkpoint: Checkpoint): void {
    if (checkpoint.kind === 'robots') return;
    const id = checkpoint.item.id;
    const number = checkpoint.attempt.attempt_number;
    if (number <= this.attempts(id)) return;
    this.#attempts.set(id, number);
    // Records are read again from the checkpoint when the scrape is sealed: they need not stay in memory.
    const { learned, ...rest } = checkpoint;
    this.#last.set(id, learned && learned.kind !== 'records' ? checkpoint : rest);
  }

  last(id: string): Checkpoint | undefined {
    return this.#last.get(id);
  }

  attempts(id: string): number {
    return this.#attempts.get(id) ?? 0;
  }

  isOpen(source: Source, id: string): boolean {
    const last = this.#last.get(id);
    return last === undefined || isRetryable(source, last, this.attempts(id));
  }

  /** The items of the day; undefined while the index could not be read. */
  listed(): readonly Item[] | undefined {
    const learned = this.#last.get(INDEX_ID)?.learned;
    return learned?.kind === 'items' ? learned.items : undefined;
  }
}

/** Shuts when the target is flagged: by this scrape, by another partition of the run, or by an operator. */
class TargetGate {
  readonly #context: AttemptContext;
  readonly #register: TargetRegister;
  #record: TargetRecord;

  private constructor(context: AttemptContext, register: TargetRegister, record: TargetRecord) {
    this.#context = context;
    this.#register = register;
    this.#record = record;
  }

  static async open(context: AttemptContext): Promise<TargetGate> {
    const register = new TargetRegister(context.platform.state);
    return new TargetGate(
      context,
      register,
      await register.get(context.source.name, context.partition.target),
    );
  }

  async isShut(): Promise<boolean> {
    if (this.#record.skip) return true;
    const { skip } = await this.#register.get(this.#context.source.name, this.#context.partition.target);
    if (skip) this.#record = { ...this.#record, skip };
    return skip !== null;
  }

  /** Raises the flag at once where this attempt reaches a threshold; the counters are kept when the scrape is sealed. */
  async note({ outcome, attempt }: Checkpoint): Promise<void> {
    const { source, partition, platform } = this.#context;
    const before = this.#record.skip;
    this.#record = afterAttempt(this.#record, outcome, Date.parse(attempt.attempted_at), source);
    const raised: SkipFlag | null = this.#record.skip;
    if (before || !raised) return;
    await this.#register.update(source.name, partition.target, (record) => ({
      ...record,
      skip: record.skip ?? raised,
    }));
    platform.emit({ kind: 'flagged', source: source.name, target: partition.target, reason: raised.reason });
  }
}
