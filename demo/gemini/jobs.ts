import type { Faults, JobFault } from './faults.ts';
import type { FileStore } from './files.ts';
import { type AskedLine, isFields, outcomeOf, type PageRequest } from './lines.ts';

/** One page of one job, for a test that holds results against it. */
export interface PageAttempt {
  readonly key: string;
  /** From 1, over all jobs that were accepted. */
  readonly attempt: number;
  readonly job: string;
  readonly prompt: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The name of what went wrong with its line; undefined for a page that was answered as it should be. */
  readonly fault: string | undefined;
}

export interface Job {
  readonly name: string;
  readonly displayName: string;
  readonly model: string;
  readonly createdAt: number;
  readonly keys: readonly string[];
  readonly fault: JobFault | undefined;
  /** Why it fails whatever the plan says. */
  readonly invalid: string | undefined;
  /** The file of requests; undefined where they came in the call. */
  readonly input: string | undefined;
  readonly lines: readonly {
    readonly key: string;
    readonly outcome: Record<string, unknown>;
    readonly text: string;
  }[];
  cancelAskedAt: number | undefined;
  isDeleted: boolean;
}

export interface JobOptions {
  readonly now: () => number;
  readonly files: FileStore;
  readonly faults: Faults;
  readonly answer: (request: PageRequest) => string;
  /** Milliseconds from a job's start to its end. */
  readonly jobMs: number;
  readonly jobPrefix: string;
}

export type Ended = 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'EXPIRED';

/** Jobs wait for 48 hours at most. */
const EXPIRES_MS = 48 * 3_600_000;

/** Jobs of a project. What becomes of one follows from the plan and the clock. */
export class JobStore {
  readonly jobs: Job[] = [];
  readonly attempts: PageAttempt[] = [];
  readonly #options: JobOptions;
  readonly #written = new Set<string>();
  /** How often a page was in a job that gives its answers out. */
  readonly #answers = new Map<string, number>();

  constructor(options: JobOptions) {
    this.#options = options;
  }

  create(given: {
    readonly model: string;
    readonly displayName: string;
    readonly input: string | undefined;
    readonly lines: readonly (AskedLine | string)[];
  }): Job {
    const { now, faults, jobPrefix } = this.#options;
    const nth = this.jobs.length + 1;
    const name = `batches/${jobPrefix}${nth}`;
    const invalid = given.lines.find((line) => typeof line === 'string');
    const asked = given.lines.filter((line) => typeof line !== 'string');
    const job: Job = {
      name,
      displayName: given.displayName,
      model: given.model,
      input: given.input,
      createdAt: now(),
      keys: asked.map(({ key }) => key),
      fault: faults.ofJob(nth),
      invalid,
      lines: invalid === undefined ? asked.flatMap((line) => this.#answered(line, name, nth)) : [],
      cancelAskedAt: undefined,
      isDeleted: false,
    };
    this.jobs.push(job);
    return job;
  }

  get(name: string): Job | undefined {
    return this.jobs.find((job) => job.name === name && !job.isDeleted);
  }

  /** How a job has ended by now; undefined while it is on its way. */
  endOf(job: Job): Ended | undefined {
    const age = this.#options.now() - job.createdAt;
    if (job.cancelAskedAt !== undefined) return 'CANCELLED';
    if (job.fault === 'expired') return age >= EXPIRES_MS ? 'EXPIRED' : undefined;
    if (age < this.#options.jobMs || job.fault === 'unknown-state') return undefined;
    if (job.invalid !== undefined || job.fault === 'failed') return 'FAILED';
    return job.fault === 'cancelled' ? 'CANCELLED' : 'SUCCEEDED';
  }

  stateOf(job: Job): string {
    if (job.fault === 'unknown-state') return 'BATCH_STATE_THINKING_IT_OVER';
    const end = this.endOf(job);
    if (end) return `BATCH_STATE_${end}`;
    const isPending = this.#options.now() - job.createdAt < this.#options.jobMs / 2;
    return isPending ? 'BATCH_STATE_PENDING' : 'BATCH_STATE_RUNNING';
  }

  /** The file of results, made when it is first asked for. */
  resultsOf(job: Job): string | undefined {
    if (this.endOf(job) !== 'SUCCEEDED' || job.fault === 'no-results' || job.input === undefined)
      return undefined;
    const name = `files/${job.name.replace('batches/', 'batch-')}`;
    const { files, faults } = this.#options;
    // Once: a file that is gone after 48 hours, or deleted, does not come back.
    if (!this.#written.has(name)) {
      this.#written.add(name);
      const lines = job.lines.map(({ text }) => `${text}\n`);
      const bytes = Buffer.from((faults.reversesLines ? lines.reverse() : lines).join(''));
      files.add(name, `${job.displayName} results`, 'application/jsonl', bytes, true);
    }
    return name;
  }

  /** The line of one page, or none, or two. */
  #answered({ key, prompt, files: uris }: AskedLine, job: string, nth: number): Job['lines'] {
    const { now, files, faults, answer } = this.#options;
    const attempt = this.attempts.filter((each) => each.key === key).length + 1;
    const answered = this.#answers.get(key) ?? 0;
    if (faults.ofJob(nth) === undefined) this.#answers.set(key, answered + 1);
    const fault = faults.ofLine(key, answered + 1);
    this.attempts.push({ key, attempt, job, prompt, at: now(), fault });
    const images = uris.map((uri) => files.get(uri.replace(/^.*\/(?=files\/)/, '')));
    const lost = uris.find((_, at) => !images[at]);
    const request = { key, prompt, image: images[0]?.bytes ?? Buffer.alloc(0) };
    const outcome =
      lost === undefined
        ? outcomeOf(request, answer(request), fault)
        : {
            error: {
              code: 7,
              message: `You do not have permission to access the file ${lost}, or it may not exist.`,
            },
          };
    // The order of the names varies in what the API writes.
    const text = JSON.stringify(attempt % 2 === 1 ? { key, ...outcome } : { ...outcome, key });
    const line = { key, outcome, text: fault === 'broken-line' ? text.slice(0, -3) : text };
    if (fault === 'missing-line') return [];
    return fault === 'doubled-line' ? [line, line] : [line];
  }
}

/** A job as the API shows it: a long-running operation. */
export function operationOf(job: Job, store: JobStore): Record<string, unknown> {
  const state = store.stateOf(job);
  const end = store.endOf(job);
  const at = new Date(job.createdAt).toISOString();
  const failed = job.lines.filter(({ outcome }) => isFields(outcome.error)).length;
  const succeeded = job.lines.length - failed;
  const output = end === 'SUCCEEDED' ? outputOf(job, store) : undefined;
  const type = 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch';
  return {
    name: job.name,
    metadata: {
      '@type': type,
      model: job.model,
      displayName: job.displayName,
      ...(job.input !== undefined && { inputConfig: { fileName: job.input } }),
      ...(output && { output }),
      createTime: at,
      updateTime: at,
      ...(end && { endTime: at }),
      batchStats: {
        requestCount: String(job.keys.length),
        // Zeros are left out, and numbers are texts.
        ...(!end && { pendingRequestCount: String(job.keys.length) }),
        ...(end === 'SUCCEEDED' && succeeded > 0 && { successfulRequestCount: String(succeeded) }),
        ...(end === 'SUCCEEDED' && failed > 0 && { failedRequestCount: String(failed) }),
      },
      state,
      name: job.name,
    },
    ...(end && { done: true }),
    ...(end === 'SUCCEEDED' && { response: { '@type': `${type}Output`, ...output } }),
    ...(end === 'FAILED' && { error: { code: job.invalid ? 3 : 13, message: job.invalid ?? 'Internal' } }),
    ...(end === 'CANCELLED' && { error: { code: 1, message: 'The operation was cancelled.' } }),
    ...(end === 'EXPIRED' && { error: { code: 4, message: 'The job was not done within 48 hours.' } }),
  };
}

function outputOf(job: Job, store: JobStore): Record<string, unknown> {
  if (job.input === undefined) {
    const responses = job.lines.map(({ key, outcome }) => ({ metadata: { key }, ...outcome }));
    return { inlinedResponses: { inlinedResponses: responses } };
  }
  const responsesFile = store.resultsOf(job);
  return responsesFile === undefined ? {} : { responsesFile };
}
