import type { BatchProvider, JobState, ProviderProblem } from '../ports/batch-provider.ts';
import { type Batch, type BatchStateName, isHeldByOther, leaseText, moved } from './batch.ts';
import { type ExtractContext, providerOf } from './extract-context.ts';
import { takeBatch } from './held-batch.ts';
import { processBatch, withoutResults } from './process.ts';
import { reportBatch } from './report-batch.ts';
import { isProblem } from './retry-waits.ts';
import type { RunMemory } from './run-memory.ts';
import { adoptJob, cancelOthers, findJobs, submitBatch } from './submit.ts';

/** What a look at an active batch came to. `retryAfterMs`: as the provider asks. */
export interface LookAnswer {
  /** False where nobody can do anything about it but a person. */
  readonly goesOn: boolean;
  readonly retryAfterMs: number;
}

const GOES_ON: LookAnswer = { goesOn: true, retryAfterMs: 0 };
const WAITS_FOR_A_PERSON: LookAnswer = { goesOn: false, retryAfterMs: 0 };

/**
 * Takes an active batch as far as it goes now: what a dead orchestrator left half done is finished, a job is
 * asked for once, and its results are read where there are any.
 */
export async function lookAt(context: ExtractContext, batch: Batch, memory: RunMemory): Promise<LookAnswer> {
  const now = context.clock.now();
  if (isHeldByOther(batch, context.owner, now)) {
    const lease = leaseText(batch, now)!;
    if (memory.isNews(`lease ${batch.id} ${batch.lease!.owner}`))
      context.tell({ kind: 'leased', batch: batch.id, lease });
    return GOES_ON;
  }
  const provider = providerOf(context, batch);
  switch (batch.state) {
    case 'claiming':
      return abandon(context, batch);
    // Another provider knows nothing of the job, which is no sign that there is none.
    case 'submitting':
      return provider ? findSubmission(context, provider, batch, memory) : noProvider(context, batch);
    case 'submitted':
      return provider ? poll(context, provider, batch) : noProvider(context, batch);
    case 'processing':
      if (!provider) return noProvider(context, batch);
      await processBatch(context, batch);
      return GOES_ON;
    case 'without-results':
      return WAITS_FOR_A_PERSON;
    default:
      return GOES_ON;
  }
}

/** Nothing was sent: its pages are free. */
async function abandon(context: ExtractContext, { id }: Batch): Promise<LookAnswer> {
  const isClaiming = ({ state }: Batch) => state === 'claiming';
  const held = await takeBatch(context, id, isClaiming, (batch, lease) => ({ ...batch, lease }));
  await held?.end('abandoned', 'whoever claimed its pages has stopped before they were sent');
  return GOES_ON;
}

/** Submitted again only where the provider has no such job, and the lease of the call before is over. */
async function findSubmission(
  context: ExtractContext,
  provider: BatchProvider,
  batch: Batch,
  memory: RunMemory,
): Promise<LookAnswer> {
  const found = await findJobs(context, provider, batch);
  if (isProblem(found)) return told(context, batch, 'looking for its job', found);
  if (found.length > 0) {
    await adoptJob(context, provider, batch, found);
    return GOES_ON;
  }
  const isOver = ({ state, lease }: Batch) =>
    state === 'submitting' && (lease === null || lease.until <= context.clock.now());
  const held = await takeBatch(context, batch.id, isOver, (before, lease) => ({ ...before, lease }));
  if (!held) return GOES_ON;
  const answer = await submitBatch(context, held, memory);
  if (answer.kind === 'refused') return WAITS_FOR_A_PERSON;
  return { goesOn: true, retryAfterMs: answer.kind === 'later' ? answer.retryAfterMs : 0 };
}

async function poll(context: ExtractContext, provider: BatchProvider, batch: Batch): Promise<LookAnswer> {
  const job = batch.job!;
  if (batch.submissions > 1) {
    const found = await findJobs(context, provider, batch);
    if (isProblem(found)) return told(context, batch, 'looking for second jobs of it', found);
    await cancelOthers(context, provider, batch.id, job, found);
  }
  const state = await provider.state(job, context.signal);
  if (isProblem(state)) {
    if (state.cause !== 'missing') return told(context, batch, 'asking for its state', state);
    await endAs(context, batch, 'failed', `the provider has no job ${job} any more`);
    return GOES_ON;
  }
  return follow(context, batch, state);
}

async function follow(context: ExtractContext, batch: Batch, job: JobState): Promise<LookAnswer> {
  const reason = job.error ?? `the job is ${job.providerState}`;
  switch (job.status) {
    case 'running':
      await seen(context, batch, job);
      return GOES_ON;
    case 'succeeded':
      if (!job.hasResults) {
        await withoutResults(context, batch, job.providerState);
        return WAITS_FOR_A_PERSON;
      }
      await processBatch(context, batch);
      return GOES_ON;
    case 'failed':
    case 'cancelled':
    case 'expired':
      await endAs(context, batch, job.status, reason);
      return GOES_ON;
  }
}

/** Kept where something is new in it: a batch is not written at every look. */
async function seen(context: ExtractContext, { id, seen: before }: Batch, job: JobState): Promise<void> {
  const counts = job.counts ? { ...job.counts } : null;
  const isSame = (was: Batch['seen']) =>
    was?.providerState === job.providerState && JSON.stringify(was.counts) === JSON.stringify(counts);
  if (isSame(before)) return;
  const at = context.clock.now();
  await context.batches.change(id, (batch) =>
    batch?.state === 'submitted' && batch.job === job.job
      ? { ...batch, seen: { at, providerState: job.providerState, counts } }
      : undefined,
  );
}

/** All pages of it are free by that, and nothing is counted. */
async function endAs(
  context: ExtractContext,
  { id, job }: Batch,
  state: BatchStateName,
  reason: string,
): Promise<void> {
  const at = context.clock.now();
  const stored = await context.batches.change(id, (batch) =>
    batch?.state === 'submitted' && batch.job === job ? moved(batch, state, { at, reason }) : undefined,
  );
  if (!stored) return;
  context.tell({ kind: 'ended', batch: id, state, reason });
  await reportBatch(context, stored.batch);
}

function told(context: ExtractContext, { id }: Batch, doing: string, problem: ProviderProblem): LookAnswer {
  if (problem.cause === 'refused') {
    context.tell({ kind: 'operator', message: `batch ${id}: ${doing}: ${problem.message}` });
    return WAITS_FOR_A_PERSON;
  }
  context.tell({ kind: 'problem', batch: id, doing, problem });
  return { goesOn: true, retryAfterMs: problem.retryAfterMs ?? 0 };
}

function noProvider(context: ExtractContext, { id, provider, route }: Batch): LookAnswer {
  const how = route === 'single' ? ', one by one' : '';
  const message = `batch ${id}: its pages were sent to ${provider}${how}, which is not asked now: set it, or clear the batch`;
  context.tell({ kind: 'operator', message });
  return WAITS_FOR_A_PERSON;
}
