import { BedrockClient } from '@aws-sdk/client-bedrock';
import pLimit from 'p-limit';
import type {
  AcceptedJob,
  BatchProvider,
  CancelAsked,
  FoundJobs,
  JobState,
  NewJob,
  ProviderFile,
  ProviderProblem,
  RequestLine,
  ResultLine,
  UploadedFile,
} from '../../core/ports/batch-provider.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { assertJobName } from '../../core/ports/job-name.ts';
import { BedrockFiles, type BedrockFilesOptions, MAX_RAW, recordIdOf } from './bedrock-files.ts';
import { answerOfRecord } from './bedrock-form.ts';
import { ANSWER_MS, BedrockModel, checkModel } from './bedrock-model.ts';
import { askAws, refusal } from './bedrock-problem.ts';
import { BedrockSingleFiles, type SingleJob, type SingleProgress } from './bedrock-single-files.ts';
import { clientSettings } from './client-settings.ts';

export interface BedrockSingleOptions extends BedrockFilesOptions {
  readonly clock: Clock;
}

/** Side by side, in one look at a job. */
const ASKED_AT_ONCE = 4;
/** Milliseconds of a look in which pages are asked: whoever looks has other jobs as well. */
const LOOK_MS = 40_000;
/** Milliseconds after which whoever was about to ask has had his answer, or died. */
const INTENT_HOLDS_MS = ANSWER_MS + 60_000;
/** What begins the name of a job: nobody takes it for a job of many. */
const JOB = 'single/';

/**
 * Pages asked one by one, at the full price: for what is too few for a batch of Bedrock. A job is a list of
 * pages in a bucket (`BedrockSingleFiles`); whoever looks at it with `state` asks what nobody has asked yet,
 * for 40 seconds, and every answer is kept where it comes in. Nothing goes on between two looks.
 *
 * A page is asked only by who has put the intent on record, and once. It is asked again within its job where
 * Bedrock said that nothing was done (throttled, not let in, failed before the model), and never after an
 * answer that got lost: that page ends as `NO_ANSWER`, one try that may have been paid for.
 *
 * Needs bedrock:InvokeModel, GetFoundationModel and GetInferenceProfile on the model, s3:ListBucket and,
 * below the prefix, s3:GetObject, s3:PutObject and s3:DeleteObject. What lies there is needed until the job
 * is read.
 */
export function openBedrockSingleProvider(options: BedrockSingleOptions): BatchProvider & { close(): void } {
  return new BedrockSingleProvider(options);
}

class BedrockSingleProvider implements BatchProvider {
  readonly name = 'bedrock';
  readonly limits = { minimumPages: 1, maximumPages: 1_000 };
  readonly #clock: Clock;
  readonly #bedrock: BedrockClient;
  readonly #images: BedrockFiles;
  readonly #jobs: BedrockSingleFiles;
  readonly #model: BedrockModel;

  constructor(options: BedrockSingleOptions) {
    const { connection = {} } = options;
    this.#clock = options.clock;
    this.#images = new BedrockFiles(options);
    this.#jobs = new BedrockSingleFiles(options);
    this.#bedrock = new BedrockClient(clientSettings(connection, options.attempts));
    this.#model = new BedrockModel(connection);
  }

  upload(file: ProviderFile, signal?: AbortSignal): Promise<UploadedFile | ProviderProblem> {
    return this.#images.putImage(file, signal);
  }

  async submit({ name, model, lines }: NewJob, signal?: AbortSignal): Promise<AcceptedJob | ProviderProblem> {
    assertJobName(name);
    const { minimumPages, maximumPages } = this.limits;
    if (lines.length < minimumPages || lines.length > maximumPages)
      return refusal(
        `create the job ${name}`,
        `${lines.length} pages; a job has ${minimumPages} to ${maximumPages}`,
      );
    const wrong = await checkModel(this.#bedrock, model, signal);
    if (wrong) return wrong;
    const created = await this.#jobs.create(name, { model, lines }, signal);
    if (created.kind === 'problem')
      // Nothing is asked yet: a bucket that is not there is for a person to mend.
      return created.cause === 'missing' ? { ...created, cause: 'refused' } : created;
    return { kind: 'accepted', job: `${JOB}${name}` };
  }

  async find(name: string, signal?: AbortSignal): Promise<FoundJobs | ProviderProblem> {
    assertJobName(name);
    const state = await this.#look(name, signal);
    if (state.kind === 'job') return { kind: 'found', jobs: [state] };
    return state.cause === 'missing' ? { kind: 'found', jobs: [] } : state;
  }

  /** Asks what is to be asked yet. A problem: nothing can be asked now; what was answered is kept. */
  async state(job: string, signal?: AbortSignal): Promise<JobState | ProviderProblem> {
    const name = nameOf(job);
    const read = await this.#jobs.read(name, signal);
    if (read.kind === 'problem') return read;
    const progress = await this.#jobs.progress(name, signal);
    if (progress.kind === 'problem') return progress;
    const before = progress.output;
    if (before.isCancelled || before.answered.size >= read.output.lines.length)
      return this.#stateOf(name, read.output, before, signal);
    const problem = await this.#askAll(name, read.output, before, signal);
    // Who waits for a quota waits: the job runs.
    if (problem !== undefined && problem.cause !== 'rate-limited') return problem;
    const after = await this.#jobs.progress(name, signal);
    if (after.kind === 'problem') return after;
    return this.#stateOf(name, read.output, after.output, signal, problem);
  }

  async *results(job: string, signal?: AbortSignal): AsyncGenerator<ResultLine | ProviderProblem, void> {
    const name = nameOf(job);
    const read = await this.#jobs.read(name, signal);
    if (read.kind === 'problem') return void (yield read);
    const { lines } = read.output;
    const state = await this.state(job, signal);
    if (state.kind === 'problem') return void (yield state);
    if (!state.hasResults) {
      const message = `bedrock, read the results of ${name}: there are none: ${state.providerState}`;
      return void (yield { kind: 'problem', cause: 'missing', message });
    }
    const keys = new Map(lines.map(({ key }, at) => [recordIdOf(at), key]));
    for (const id of keys.keys()) {
      const line = await this.#jobs.answerOf(name, id, signal);
      if (line.kind === 'problem') return void (yield line);
      const { raw, answer } = answerOfRecord(line.output, (record) => keys.get(record) ?? record);
      yield { kind: 'line', raw: raw.slice(0, MAX_RAW), answer };
    }
  }

  async cancel(job: string, signal?: AbortSignal): Promise<CancelAsked | ProviderProblem> {
    const name = nameOf(job);
    const read = await this.#jobs.read(name, signal);
    if (read.kind === 'problem') return read;
    const asked = await this.#jobs.cancel(name, signal);
    return asked.kind === 'problem' ? asked : { kind: 'cancel-asked' };
  }

  close(): void {
    this.#bedrock.destroy();
    this.#images.close();
    this.#jobs.close();
    this.#model.close();
  }

  /** How a job is; asks no model. */
  async #look(name: string, signal: AbortSignal | undefined): Promise<JobState | ProviderProblem> {
    const read = await this.#jobs.read(name, signal);
    if (read.kind === 'problem') return read;
    const progress = await this.#jobs.progress(name, signal);
    return progress.kind === 'problem' ? progress : this.#stateOf(name, read.output, progress.output, signal);
  }

  async #stateOf(
    name: string,
    { lines }: SingleJob,
    { answered, isCancelled }: SingleProgress,
    signal: AbortSignal | undefined,
    waitsFor?: ProviderProblem,
  ): Promise<JobState | ProviderProblem> {
    const job = { kind: 'job', job: `${JOB}${name}`, name, error: waitsFor?.message } as const;
    const isOver = answered.size >= lines.length;
    if (!isOver) {
      const providerState = `${isCancelled ? 'cancelled' : 'asked'}: ${answered.size} of ${lines.length}`;
      const status = isCancelled ? 'cancelled' : 'running';
      return { ...job, status, providerState, hasResults: false, counts: undefined };
    }
    let failed = 0;
    for (const id of answered) {
      const line = await this.#jobs.answerOf(name, id, signal);
      if (line.kind === 'problem') return line;
      if (answerOfRecord(line.output, String).answer.kind === 'error') failed++;
    }
    const counts = { total: lines.length, succeeded: lines.length - failed, failed };
    return { ...job, status: 'succeeded', providerState: 'answered', hasResults: true, counts };
  }

  /** Asks each page that nobody has asked, until the time of this look is over; the first problem ends it. */
  async #askAll(
    name: string,
    { model, lines }: SingleJob,
    { asked, answered }: SingleProgress,
    signal: AbortSignal | undefined,
  ): Promise<ProviderProblem | undefined> {
    const until = this.#clock.now() + LOOK_MS;
    let problem: ProviderProblem | undefined;
    const open = lines
      .map((line, at) => ({ id: recordIdOf(at), line }))
      .filter(({ id }) => !answered.has(id));
    await pLimit(ASKED_AT_ONCE).map(open, async ({ id, line }) => {
      if (problem || this.#clock.now() >= until) return;
      const ended = asked.has(id)
        ? await this.#endLost(name, id, signal)
        : await this.#ask(name, id, model, line, signal);
      problem ??= ended;
    });
    return problem;
  }

  async #ask(
    name: string,
    id: string,
    model: string,
    line: RequestLine,
    signal: AbortSignal | undefined,
  ): Promise<ProviderProblem | undefined> {
    const image = await askAws(`read the image of ${line.key}`, signal, () =>
      this.#images.image(line.image.uri, signal),
    );
    if (image.kind === 'problem') {
      if (image.cause !== 'missing') return image;
      return this.#keep(name, id, { error: { errorCode: 'NO_IMAGE', errorMessage: image.message } });
    }
    const claim = await this.#jobs.claim(name, id, signal);
    if (claim.kind === 'problem') return claim;
    if (!claim.output) return undefined;
    const answer = await this.#model.ask(model, line, image.output, signal);
    if (answer.kind === 'answer') return this.#keep(name, id, answer.line);
    // Where it cannot be taken back the page ends as one that was asked.
    await this.#jobs.release(name, id);
    return answer.problem;
  }

  /** Whoever was about to ask died before the answer was kept. */
  async #endLost(
    name: string,
    id: string,
    signal: AbortSignal | undefined,
  ): Promise<ProviderProblem | undefined> {
    const claimed = await this.#jobs.claimedAt(name, id, signal);
    if (claimed.kind === 'problem') return claimed;
    const { output: at } = claimed;
    if (at === undefined || this.#clock.now() < at + INTENT_HOLDS_MS) return undefined;
    const errorMessage = 'whoever asked has stopped before the answer came; it may have been paid for';
    return this.#keep(name, id, { error: { errorCode: 'NO_ANSWER', errorMessage } });
  }

  async #keep(
    name: string,
    id: string,
    line: Readonly<Record<string, unknown>>,
  ): Promise<ProviderProblem | undefined> {
    const kept = await this.#jobs.answer(name, id, JSON.stringify({ recordId: id, ...line }));
    return kept.kind === 'problem' ? kept : undefined;
  }
}

/** Throws a RangeError for anything that is no job of ours. */
function nameOf(job: string): string {
  if (!job.startsWith(JOB)) throw new RangeError(`no job of pages one by one: ${JSON.stringify(job)}`);
  const name = job.slice(JOB.length);
  assertJobName(name);
  return name;
}
