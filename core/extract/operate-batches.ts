import type { CancelAsked, ProviderProblem } from '../ports/batch-provider.ts';
import { type Batch, type BatchStateName, isActive, isHeldByOther, moved } from './batch.ts';
import { type ExtractContext, providerOf } from './extract-context.ts';
import { lookAt } from './poll.ts';
import { isProblem } from './retry-waits.ts';
import { RunMemory } from './run-memory.ts';
import { findJobs } from './submit.ts';

/** What came of a person's word about a batch. */
export type OperateAnswer =
  | { readonly kind: 'done'; readonly batch: Batch }
  | { readonly kind: 'unknown' }
  /** It has ended: nothing is left to be done. */
  | { readonly kind: 'over'; readonly state: BatchStateName }
  /** Somebody works on it. `until`: milliseconds; when to try again at the latest. */
  | { readonly kind: 'busy'; readonly owner: string; readonly until: number }
  /** It has no job that is under way. */
  | { readonly kind: 'no-job'; readonly state: BatchStateName }
  /** The provider could not be asked, and nothing was changed. */
  | { readonly kind: 'problem'; readonly message: string };

/** Looks at a batch again, one without results as well: perhaps they are there by now. */
export async function resumeBatch(context: ExtractContext, id: string): Promise<OperateAnswer> {
  const before = await idleBatch(context, id);
  if (before.kind !== 'idle') return before;
  const at = context.clock.now();
  const resumed = await context.batches.change(id, (batch) =>
    batch?.state === 'without-results'
      ? moved(batch, 'submitted', { at, reason: 'a person asked for another look' })
      : undefined,
  );
  await lookAt(context, resumed?.batch ?? before.batch, new RunMemory());
  return stateOf(context, id);
}

/** Asks the provider to end the job of a batch. The batch ends when the provider says that the job has. */
export async function cancelBatch(context: ExtractContext, id: string): Promise<OperateAnswer> {
  const before = await idleBatch(context, id);
  if (before.kind !== 'idle') return before;
  const { job, state } = before.batch;
  const provider = providerOf(context, before.batch);
  if (job === null || state !== 'submitted' || !provider) return { kind: 'no-job', state };
  const asked = await provider.cancel(job, context.signal);
  if (isProblem(asked)) return { kind: 'problem', message: asked.message };
  const cancelAskedAt = context.clock.now();
  await context.batches.change(id, (batch) => batch && { ...batch, cancelAskedAt });
  return stateOf(context, id);
}

/**
 * Gives a batch up: its pages are free, and the log of failures stays. Its job is cancelled, if the provider
 * lets it be: one whose submission may be on its way is looked for first.
 */
export async function clearBatch(context: ExtractContext, id: string): Promise<OperateAnswer> {
  const before = await idleBatch(context, id);
  if (before.kind !== 'idle') return before;
  const provider = providerOf(context, before.batch);
  const { job, state, submissions } = before.batch;
  const jobs = new Set(job === null ? [] : [job]);
  if (provider && submissions > 0 && (job === null || submissions > 1)) {
    const found = await findJobs(context, provider, before.batch);
    if (isProblem(found)) return { kind: 'problem', message: found.message };
    for (const each of found) if (each.status === 'running') jobs.add(each.job);
  }
  const at = context.clock.now();
  const cleared = await context.batches.change(id, (batch) =>
    batch?.state === state && batch.job === job && !isHeldByOther(batch, context.owner, at)
      ? moved(batch, 'cleared', { at, reason: 'a person gave it up' })
      : undefined,
  );
  if (!cleared) return clearBatch(context, id);
  context.tell({ kind: 'ended', batch: id, state: 'cleared', reason: 'a person gave it up' });
  for (const each of jobs) {
    const asked = await provider?.cancel(each, context.signal);
    const reason = asked === undefined ? `${before.batch.provider} is not asked now` : problemOf(asked);
    if (reason !== undefined) context.tell({ kind: 'duplicate-remains', batch: id, job: each, reason });
  }
  return stateOf(context, id);
}

function problemOf(asked: CancelAsked | ProviderProblem): string | undefined {
  return isProblem(asked) && asked.cause !== 'missing' ? asked.message : undefined;
}

async function idleBatch(
  context: ExtractContext,
  id: string,
): Promise<{ readonly kind: 'idle'; readonly batch: Batch } | OperateAnswer> {
  const batch = (await context.batches.get(id))?.batch;
  if (!batch) return { kind: 'unknown' };
  if (!isActive(batch)) return { kind: 'over', state: batch.state };
  if (isHeldByOther(batch, context.owner, context.clock.now())) return { kind: 'busy', ...batch.lease! };
  return { kind: 'idle', batch };
}

async function stateOf({ batches }: ExtractContext, id: string): Promise<OperateAnswer> {
  const batch = (await batches.get(id))?.batch;
  return batch ? { kind: 'done', batch } : { kind: 'unknown' };
}
