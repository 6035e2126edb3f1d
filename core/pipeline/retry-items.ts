import { CorruptLakeError, readCurrent } from '../lake/manifest.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { ReceivedMessage } from '../ports/work-queue.ts';
import type { Item } from '../source/source.ts';
import { TargetRegister } from '../target/target.ts';
import { decodeFailedItem, type FailedItemMessage } from '../work/failed-item.ts';
import { type Failure, FailureRegister } from '../work/failure.ts';
import { claimRetry, dismissRetry, leaveToPerson, settleRetry, yieldClaim } from '../work/retry-claim.ts';
import { type AttemptContext, attemptPage } from './attempt.ts';
import { clearWork } from './leftovers.ts';
import { type PartitionWork, type Platform, StageError } from './platform.ts';
import { type PublishResult, publish } from './publish.ts';
import { isGood } from './publish-record.ts';
import { giveUp, scrape, validatorsOf } from './scrape.ts';
import { INDEX_ID, ScrapeProgress } from './scrape-progress.ts';
import { isSealed, readResult, seal } from './seal.ts';
import { TargetGate } from './target-gate.ts';

/** What became of a message about a failed item. Each kind says what is done with the message. */
export type RetryAnswer =
  /** Acknowledged: what was fetched is published. */
  | { readonly kind: 'recovered'; readonly runId: string; readonly result: PublishResult }
  /** Acknowledged: somebody else closed the failure before; no request was sent. */
  | { readonly kind: 'closed'; readonly why: string }
  /** Acknowledged: another try would not heal it, so the failure stays open for a person. */
  | { readonly kind: 'needs-a-person'; readonly why: string }
  /** Released: not due yet, under way elsewhere, or stopped before its time was up. No try is used up. */
  | { readonly kind: 'not-yet'; readonly delayMs: number }
  /** Released until the cool-down has passed. */
  | { readonly kind: 'failed-again'; readonly outcome: Outcome; readonly delayMs: number }
  /** Buried: its tries are used up. */
  | { readonly kind: 'dead'; readonly reason: string }
  /** Buried: no message that this program can act upon. */
  | { readonly kind: 'poison'; readonly reason: string };

/** Kinds after which the message is still in the queue. */
export const STAYS_QUEUED: ReadonlySet<RetryAnswer['kind']> = new Set(['not-yet', 'failed-again']);

/**
 * Handles one delivery of the failed-items queue to its end: decodes it, tries the item, and acknowledges, releases or buries
 * the message. Whatever is thrown is trouble of ours (a store out of reach): the message then stays as it is and comes again.
 */
export async function handleFailedItem(
  platform: Platform,
  delivery: ReceivedMessage,
  mustStop = () => false,
): Promise<RetryAnswer> {
  const decoded = decodeFailedItem(delivery.body);
  const answer = decoded.kind === 'poison' ? decoded : await retryItem(platform, decoded.message, mustStop);
  const { failedItems } = platform;
  switch (answer.kind) {
    case 'recovered':
    case 'closed':
    case 'needs-a-person':
      await failedItems.acknowledge(delivery);
      break;
    case 'not-yet':
    case 'failed-again':
      await failedItems.release(delivery, answer.delayMs);
      break;
    case 'dead':
    case 'poison':
      await failedItems.bury(delivery, answer.reason);
      break;
  }
  return answer;
}

/** Milliseconds after which a try that had to stop goes on. */
const GO_ON_MS = 1000;

/**
 * Tries one failed item once more, as a run of its own, and publishes what it recovers into the current version. The failure
 * decides, not the message: a copy, a late delivery or one after a newer success asks the site for nothing.
 *
 * The order of things makes every crash harmless: claim (with the run id) → request, on record at once → seal → publish,
 * which closes the failure → settle → message. Whoever takes up the claim of a dead worker finds its checkpoint and does not
 * ask again. Where the index of the day failed, or nothing of the day could be published yet, one item alone is nothing
 * that could be published: then the whole partition gets its one pass.
 */
export async function retryItem(
  platform: Platform,
  message: FailedItemMessage,
  mustStop = () => false,
): Promise<RetryAnswer> {
  const source = platform.sources.find(({ name }) => name === message.source);
  if (!source) return { kind: 'poison', reason: `there is no source ${message.source}` };
  if (!source.targets.some(({ id }) => id === message.target))
    return { kind: 'poison', reason: `source ${source.name} has no target ${message.target}` };

  const register = new FailureRegister(platform.state);
  const partition = { target: message.target, date: message.date };
  const key = { source: source.name, partition, item: message.item };
  const { skip } = await new TargetRegister(platform.state).get(source.name, message.target);
  if (skip) {
    await leaveToPerson(register, key);
    return { kind: 'needs-a-person', why: `the target is flagged: ${skip.reason}` };
  }
  if (mustStop()) return { kind: 'not-yet', delayMs: GO_ON_MS };
  const claim = await claimRetry(register, key, {
    now: platform.clock.now(),
    notBefore: message.notBefore,
    newRunId: platform.newId(),
  });
  if (claim.kind === 'wait') return { kind: 'not-yet', delayMs: claim.delayMs };
  if (claim.kind !== 'claimed') return claim;

  const context = { platform, source, runId: claim.runId, partition };
  const tried = await tryOnce(context, claim.failure, mustStop);
  if (tried.kind === 'stopped') {
    await yieldClaim(register, key, platform.clock.now());
    return { kind: 'not-yet', delayMs: GO_ON_MS };
  }
  if (tried.kind === 'unlisted') {
    await dismissRetry(register, key, { by: claim.runId, at: platform.clock.now() });
    return { kind: 'closed', why: 'the index no longer lists it' };
  }
  const answer = await settle(context, register, key, tried);
  await clearWork(context);
  return answer;
}

type Tried =
  | { readonly kind: 'published'; readonly result: PublishResult }
  | { readonly kind: 'failed'; readonly outcome: Outcome }
  /** A later index of the day no longer lists the item. */
  | { readonly kind: 'unlisted' }
  | { readonly kind: 'stopped' };

async function settle(
  { platform, source, runId }: AttemptContext,
  register: FailureRegister,
  key: Parameters<typeof settleRetry>[1],
  tried: Extract<Tried, { kind: 'published' | 'failed' }>,
): Promise<RetryAnswer> {
  const after = await register.get(key.source, key.partition, key.item);
  // Publish closes the failure; where another run did meanwhile, there is nothing left to do either.
  if (after?.state !== 'open') {
    if (tried.kind === 'published') return { kind: 'recovered', runId, result: tried.result };
    return { kind: 'closed', why: `it is ${after?.state ?? 'gone'}` };
  }
  if (tried.kind === 'published' && tried.result.status === 'held') {
    await leaveToPerson(register, key);
    return { kind: 'needs-a-person', why: tried.result.reason ?? 'the version is held' };
  }
  const outcome: Outcome =
    tried.kind === 'failed'
      ? tried.outcome
      : { code: after.code, message: after.message ?? tried.result.reason ?? after.code };
  const settled = await settleRetry(register, key, outcome, source.retry, platform.clock.now());
  const why = `${outcome.code} ${outcome.message ?? ''}`.trim();
  switch (settled.kind) {
    case 'again':
      return { kind: 'failed-again', outcome, delayMs: settled.delayMs };
    case 'dead':
      return { kind: 'dead', reason: `${settled.tries} retries failed, the last with ${why}` };
    case 'needs-a-person':
      return { kind: 'needs-a-person', why };
    case 'closed':
      return { kind: 'closed', why: 'it was closed meanwhile' };
  }
}

async function tryOnce(context: AttemptContext, failure: Failure, mustStop: () => boolean): Promise<Tried> {
  const current = await readable(context);
  if (current === 'damaged')
    return { kind: 'failed', outcome: { code: failure.code, message: 'the current version cannot be read' } };
  if (failure.item === INDEX_ID || !current) return tryPartition(context, mustStop);
  return tryItem(context, current, failure);
}

async function readable({
  platform,
  source,
  partition,
}: AttemptContext): Promise<VersionDescriptor | undefined | 'damaged'> {
  try {
    return (await readCurrent(platform.lake, source.table, partition))?.descriptor;
  } catch (error) {
    if (error instanceof CorruptLakeError) return 'damaged';
    throw error;
  }
}

/** One request for the item, unless one is on record under this run id already. */
async function tryItem(
  context: AttemptContext,
  current: VersionDescriptor,
  failure: Failure,
): Promise<Tried> {
  const { source } = context;
  if (!(await isSealed(context))) {
    const progress = await ScrapeProgress.load(context);
    if (!progress.last(failure.item)) {
      const known = current.items.find(({ id }) => id === failure.item);
      if (!known && current.index.checkedAt > failure.lastFailedAt) return { kind: 'unlisted' };
      const item: Item = known ? { id: known.id, url: known.url } : { id: failure.item, url: failure.url };
      const validators = known?.state === 'failed' ? undefined : validatorsOf(source, known);
      const gate = await TargetGate.open(context, []);
      await gate.note(await attemptPage(context, { kind: 'item', item }, 1, validators));
    }
    await seal(context, 'items');
  }
  const content = (await readResult(context))!.items.find(({ item }) => item.id === failure.item)?.content;
  if (content?.kind === 'failed') return { kind: 'failed', outcome: content.outcome };
  if (!content || !isGood(content)) throw new Error(`the retry of ${failure.item} left nothing on record`);
  return { kind: 'published', result: await publish(context.platform, workOf(context), 'retry') };
}

/** One pass over the partition; what does not come in it becomes a failure of its own, with a message of its own. */
async function tryPartition(context: AttemptContext, mustStop: () => boolean): Promise<Tried> {
  const work = workOf(context);
  try {
    while (!(await scrape(context.platform, work, mustStop)).done) if (mustStop()) return { kind: 'stopped' };
  } catch (error) {
    if (!(error instanceof StageError)) throw error;
    await giveUp(context.platform, work);
  }
  return { kind: 'published', result: await publish(context.platform, work, 'retry') };
}

function workOf({ runId, source, partition }: AttemptContext): PartitionWork {
  return { runId, source: source.name, ...partition, force: false };
}
