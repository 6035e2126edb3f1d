import type { BatchProvider, JobState, ProviderProblem, RequestLine } from '../ports/batch-provider.ts';
import { counted } from '../wording/figures.ts';
import { type Batch, moved } from './batch.ts';
import { releasePages } from './claim-batch.ts';
import { type ExtractContext, providerOf } from './extract-context.ts';
import type { HeldBatch } from './held-batch.ts';
import { makeRequests } from './make-requests.ts';
import { promptOf } from './prompt.ts';
import { askAgain, isProblem } from './retry-waits.ts';
import type { RunMemory } from './run-memory.ts';

/** Of a call that did nothing, and of a look for a job whose answer was lost. */
const ATTEMPTS = 3;
const LOOK_AGAIN_MS = 2_000;

/** What became of a batch that was to be submitted. */
export type SubmitAnswer =
  | { readonly kind: 'submitted'; readonly pages: number }
  /** No page of it could be sent, or another orchestrator has it. */
  | { readonly kind: 'not-sent' }
  /** Nothing is lost, and another call may succeed later. */
  | { readonly kind: 'later'; readonly retryAfterMs: number }
  /** An operator's case: so would every other batch be. */
  | { readonly kind: 'refused'; readonly message: string };

const NOT_SENT: SubmitAnswer = { kind: 'not-sent' };

/**
 * Uploads the pages of a batch and submits them. The intent is on record before each call, so whoever finds
 * the batch after a crash looks for its job at the provider before submitting anything.
 */
export async function submitBatch(
  context: ExtractContext,
  held: HeldBatch,
  memory: RunMemory,
): Promise<SubmitAnswer> {
  const provider = providerOf(context, held.batch);
  const prompt = promptOf(context.extraction, held.batch.promptVersion);
  const lacks = !provider
    ? `no provider takes its pages one by one`
    : `there is no prompt ${held.batch.promptVersion}`;
  if (!provider || !prompt) return refuse(context, held, lacks);
  const members = await context.batches.members(held.batch.id);
  const made = await makeRequests(context, provider, held, members, prompt, memory);
  if (made.isLost) return NOT_SENT;
  if (memory.refusal !== undefined) return refuse(context, held, memory.refusal);
  const [firstLeftOut] = made.leftOut;
  // The job of an earlier call has all pages: none of them may be free while it may come to light.
  if (firstLeftOut && mayComeToLight(context, held)) {
    const message = `${firstLeftOut.join(': ')} (${made.leftOut.size} of ${members.length} pages)`;
    const problem = { kind: 'problem', cause: 'unclear', message } as const;
    context.tell({ kind: 'problem', batch: held.batch.id, doing: 'submitting it again', problem });
    return { kind: 'later', retryAfterMs: 0 };
  }
  for (const [page, reason] of made.leftOut)
    context.tell({ kind: 'left-out', batch: held.batch.id, page, reason, isRefused: made.refused.has(page) });
  if (firstLeftOut && !(await releasePages(context, held, new Set(made.leftOut.keys())))) return NOT_SENT;
  const { minimumPages } = provider.limits;
  if (made.lines.length === 0 || made.lines.length < minimumPages) {
    const reason =
      made.lines.length === 0 ? 'no page of it could be sent' : `fewer than ${minimumPages} pages are left`;
    await held.end('empty', reason, { pages: made.lines.length });
    return NOT_SENT;
  }
  return new Submission(context, provider, held, made.lines).run();
}

/** After it, no call is carried out any more. Milliseconds. */
const CALL_MAY_TAKE_MS = 3_600_000;

/**
 * True where an earlier call for the batch may have been carried out, or may be yet, unseen: its pages stay
 * in flight until its job is found, or the call is too old.
 */
function mayComeToLight({ clock }: ExtractContext, { batch }: HeldBatch): boolean {
  const lastCall = batch.transitions.findLast(({ state }) => state === 'submitting');
  return lastCall !== undefined && clock.now() - lastCall.at < CALL_MAY_TAKE_MS;
}

async function refuse(context: ExtractContext, held: HeldBatch, message: string): Promise<SubmitAnswer> {
  if (!mayComeToLight(context, held)) await held.end('refused', message);
  return refused(context, message);
}

function refused({ tell }: ExtractContext, message: string): SubmitAnswer {
  tell({ kind: 'refused', message });
  return { kind: 'refused', message };
}

class Submission {
  readonly #context: ExtractContext;
  readonly #provider: BatchProvider;
  readonly #held: HeldBatch;
  readonly #lines: readonly RequestLine[];

  constructor(
    context: ExtractContext,
    provider: BatchProvider,
    held: HeldBatch,
    lines: readonly RequestLine[],
  ) {
    this.#context = context;
    this.#provider = provider;
    this.#held = held;
    this.#lines = lines;
  }

  async run(): Promise<SubmitAnswer> {
    // Somebody submitted it before: the job may have come to light while images were uploaded.
    if (this.#held.batch.submissions > 0) {
      const found = await this.#find();
      if (isProblem(found)) return this.#later('looking for its job', found);
      if (found.length > 0) return this.#adopt(found);
    }
    const { name, model } = this.#held.batch;
    const { signal } = this.#context;
    const isRepeated = mayComeToLight(this.#context, this.#held);
    const answer = await askAgain(this.#context, ATTEMPTS, async () => {
      if (!(await this.#intend())) return { kind: 'lost' as const };
      return this.#provider.submit({ name, model, lines: this.#lines }, signal);
    });
    if (answer.kind === 'lost') return NOT_SENT;
    if (answer.kind === 'accepted') return this.#accept(answer.job);
    return this.#settle(answer, isRepeated);
  }

  /** What others will find if this process dies in the call that follows. */
  #intend(): Promise<boolean> {
    const { submissions } = this.#held.batch;
    const pages = this.#lines.length;
    const reason = `${counted(pages, 'page is', 'pages are')} sent`;
    return this.#held.keep('submitting', reason, { submissions: submissions + 1, pages });
  }

  async #accept(job: string): Promise<SubmitAnswer> {
    const { id } = this.#held.batch;
    const pages = this.#lines.length;
    if (await this.#held.leave('submitted', `the provider has it as ${job}`, { job })) {
      this.#context.tell({ kind: 'submitted', batch: id, job, pages });
      return { kind: 'submitted', pages };
    }
    // Taken over meanwhile. The first job that is on record is that of the batch, whoever submitted it.
    if ((await giveJob(this.#context, id, job)) === job) return { kind: 'submitted', pages };
    await cancelDuplicate(this.#context, this.#provider, id, job);
    return NOT_SENT;
  }

  /**
   * The answer was lost, or no call did anything: what does the provider have? `isRepeated`: an earlier call
   * may come to light as well.
   */
  async #settle(problem: ProviderProblem, isRepeated: boolean): Promise<SubmitAnswer> {
    const isUnclear = problem.cause === 'unclear';
    const isRefused = problem.cause === 'refused';
    for (let look = 1; !isRefused; look++) {
      const found = await this.#find();
      if (isProblem(found)) return this.#later('looking for its job', found);
      if (found.length > 0) return this.#adopt(found);
      if (!isUnclear || look === ATTEMPTS) break;
      await this.#context.clock.sleep(LOOK_AGAIN_MS * 2 ** (look - 1), this.#context.signal);
    }
    const { message } = problem;
    if (!isUnclear && !isRepeated)
      await this.#held.end(isRefused ? 'refused' : 'failed', `it could not be submitted: ${message}`);
    if (isRefused) return refused(this.#context, message);
    // It may still be on its way: only when the lease is over is it submitted again.
    return this.#later('submitting', problem);
  }

  #later(doing: string, problem: ProviderProblem): SubmitAnswer {
    this.#context.tell({ kind: 'problem', batch: this.#held.batch.id, doing, problem });
    return { kind: 'later', retryAfterMs: problem.retryAfterMs ?? 0 };
  }

  async #find(): Promise<readonly JobState[] | ProviderProblem> {
    return findJobs(this.#context, this.#provider, this.#held.batch);
  }

  async #adopt(found: readonly JobState[]): Promise<SubmitAnswer> {
    await adoptJob(this.#context, this.#provider, this.#held.batch, found);
    return { kind: 'submitted', pages: this.#held.batch.pages };
  }
}

/** The jobs under the name of a batch. */
export async function findJobs(
  context: ExtractContext,
  provider: BatchProvider,
  { name }: Pick<Batch, 'name'>,
): Promise<readonly JobState[] | ProviderProblem> {
  const found = await askAgain(context, ATTEMPTS, () => provider.find(name, context.signal));
  return isProblem(found) ? found : found.jobs.filter((job) => job.name === name);
}

/** One that has answers before one that may have, and that before one that has none. */
const PREFERENCE: readonly JobState['status'][] = ['succeeded', 'running', 'failed', 'expired', 'cancelled'];

/** Makes a job that was found that of the batch, unless it has one; the others are cancelled. */
export async function adoptJob(
  context: ExtractContext,
  provider: BatchProvider,
  { id }: Pick<Batch, 'id'>,
  found: readonly JobState[],
): Promise<void> {
  const [best] = found.toSorted((a, b) => PREFERENCE.indexOf(a.status) - PREFERENCE.indexOf(b.status));
  if (!best) return;
  const job = await giveJob(context, id, best.job);
  if (job !== undefined) await cancelOthers(context, provider, id, job, found);
}

/**
 * Makes a job that of a batch whose submission is open, and returns the job that it has then: undefined where
 * it ended without one.
 */
async function giveJob(context: ExtractContext, id: string, job: string): Promise<string | undefined> {
  const at = context.clock.now();
  const stored = await context.batches.change(id, (before) =>
    before?.state === 'submitting'
      ? moved({ ...before, job }, 'submitted', { at, reason: `found at the provider as ${job}` })
      : undefined,
  );
  if (stored) context.tell({ kind: 'adopted', batch: id, job });
  return (stored ?? (await context.batches.get(id)))?.batch.job ?? undefined;
}

/** Cancels the jobs of a batch but its own. */
export async function cancelOthers(
  context: ExtractContext,
  provider: BatchProvider,
  id: string,
  job: string,
  found: readonly JobState[],
): Promise<void> {
  for (const other of found)
    if (other.job !== job && other.status === 'running')
      await cancelDuplicate(context, provider, id, other.job);
}

async function cancelDuplicate(
  context: ExtractContext,
  provider: BatchProvider,
  batch: string,
  job: string,
): Promise<void> {
  const asked = await askAgain(context, ATTEMPTS, () => provider.cancel(job, context.signal));
  if (!isProblem(asked) || asked.cause === 'missing')
    context.tell({ kind: 'duplicate-cancelled', batch, job });
  else context.tell({ kind: 'duplicate-remains', batch, job, reason: asked.message });
}
