import type {
  BatchProvider,
  JobState,
  JobStatus,
  NewJob,
  ProviderAnswer,
  ProviderFile,
  ProviderProblem,
  RequestLine,
  ResultLine,
} from '../../../../core/ports/batch-provider.ts';

/** How a submission is answered, and whether the job is there. */
export type SubmitFault =
  | 'accepted'
  /** Accepted, and its answer is lost. */
  | 'answer-lost'
  /** As above, and accepted only after a while. */
  | 'late'
  /** So late that nobody waits for it. */
  | 'too-late'
  /** The answer is lost, and nothing was accepted. */
  | 'nothing-done'
  | 'server'
  | 'unreachable'
  | 'rate-limited'
  | 'refused';

/** How a job ends. */
export type JobEnd = 'results' | 'no-results' | 'failed' | 'cancelled' | 'expired' | 'missing';

/** What is played; each is asked anew at every call. */
export interface ProviderPlan {
  upload(file: ProviderFile): ProviderProblem['cause'] | 'uploaded';
  submit(): SubmitFault;
  end(job: PlayedJob): JobEnd;
  /** Lines of results, in the order in which they come. */
  lines(job: PlayedJob): readonly ResultLine[];
  /** How many lines come before the results break off; undefined: all. */
  breaksOffAfter(job: PlayedJob): number | undefined;
  /** Of `find`, `state` and `cancel`. */
  isDisturbed(): boolean;
  durationMs(): number;
}

export interface PlayedJob {
  readonly job: string;
  readonly name: string;
  readonly model: string;
  readonly requests: readonly RequestLine[];
  readonly acceptedAt: number;
  readonly endsAt: number;
  readonly end: JobEnd;
  readonly lines: readonly ResultLine[];
  /** True where it was ended by `cancel`, before its own end. */
  isCancelled: boolean;
}

const LATE_MS = { late: 60_000, 'too-late': 20 * 60_000 };

/** A provider in memory, which keeps a log of all that it ever accepted. */
export class PlayedProvider implements BatchProvider {
  readonly name = 'gemini';
  readonly limits: BatchProvider['limits'];
  readonly log: PlayedJob[] = [];
  readonly uploads: string[] = [];
  readonly #plan: ProviderPlan;
  readonly #now: () => number;

  constructor(plan: ProviderPlan, now: () => number, minimumPages = 1) {
    this.#plan = plan;
    this.#now = now;
    this.limits = { minimumPages, maximumPages: 1_000 } as BatchProvider['limits'];
  }

  async upload(file: ProviderFile) {
    this.uploads.push(file.displayName);
    const answer = this.#plan.upload(file);
    if (answer !== 'uploaded') return problem(answer);
    const uri = `played:${this.uploads.length}`;
    return { kind: 'uploaded', uri, mimeType: file.mimeType } as const;
  }

  async submit({ name, model, lines }: NewJob) {
    const fault = this.#plan.submit();
    switch (fault) {
      case 'accepted':
        return { kind: 'accepted', job: this.#accept(name, model, lines, 0) } as const;
      case 'answer-lost':
        this.#accept(name, model, lines, 0);
        return problem('unclear');
      case 'late':
      case 'too-late':
        this.#accept(name, model, lines, LATE_MS[fault]);
        return problem('unclear');
      case 'nothing-done':
        return problem('unclear');
      default:
        return problem(fault);
    }
  }

  async find(name: string) {
    if (this.#plan.isDisturbed()) return problem('server');
    const jobs = this.#known().filter((job) => job.name === name);
    return { kind: 'found', jobs: jobs.map((job) => this.#stateOf(job)) } as const;
  }

  async state(job: string) {
    if (this.#plan.isDisturbed()) return problem('unreachable');
    const known = this.#known().find((each) => each.job === job);
    if (!known || (known.end === 'missing' && this.#isOver(known))) return problem('missing');
    return this.#stateOf(known);
  }

  async *results(job: string): AsyncGenerator<ResultLine | ProviderProblem> {
    const known = this.log.find((each) => each.job === job)!;
    const most = this.#plan.breaksOffAfter(known) ?? known.lines.length;
    yield* known.lines.slice(0, most);
    if (most < known.lines.length) yield problem('unreachable');
  }

  async cancel(job: string) {
    if (this.#plan.isDisturbed()) return problem('rate-limited');
    const known = this.#known().find((each) => each.job === job);
    if (!known) return problem('missing');
    if (!this.#isOver(known)) known.isCancelled = true;
    return { kind: 'cancel-asked' } as const;
  }

  #accept(name: string, model: string, lines: readonly RequestLine[], lateMs: number): string {
    const job = `jobs/${this.log.length + 1}`;
    const acceptedAt = this.#now() + lateMs;
    const endsAt = acceptedAt + this.#plan.durationMs();
    const made = { job, name, model, requests: lines, acceptedAt, endsAt, isCancelled: false };
    const end = this.#plan.end({ ...made, end: 'results', lines: [] });
    this.log.push({ ...made, end, lines: this.#plan.lines({ ...made, end, lines: [] }) });
    return job;
  }

  #known(): PlayedJob[] {
    return this.log.filter(({ acceptedAt }) => acceptedAt <= this.#now());
  }

  #isOver(job: PlayedJob): boolean {
    return job.isCancelled || job.endsAt <= this.#now();
  }

  #stateOf(job: PlayedJob): JobState {
    const status = this.#statusOf(job);
    return {
      kind: 'job',
      job: job.job,
      name: job.name,
      status,
      providerState: `PLAYED_${status.toUpperCase()}`,
      hasResults: status === 'succeeded' && job.end === 'results',
      counts: undefined,
      error: status === 'failed' ? 'played failure' : undefined,
    };
  }

  #statusOf(job: PlayedJob): JobStatus {
    if (job.isCancelled) return 'cancelled';
    if (!this.#isOver(job)) return 'running';
    switch (job.end) {
      case 'results':
      case 'no-results':
        return 'succeeded';
      case 'missing':
        return 'running';
      default:
        return job.end;
    }
  }
}

function problem(cause: ProviderProblem['cause']): ProviderProblem {
  return { kind: 'problem', cause, message: `played: ${cause}` };
}

/** A line that answers with a text. */
export function textLine(key: string, text: string, more: Partial<ProviderAnswer> = {}): ResultLine {
  const answer = {
    kind: 'text',
    key,
    text,
    isTruncated: false,
    tokens: { input: 1_000, output: 100 },
    ...more,
  };
  return { kind: 'line', raw: JSON.stringify(answer), answer: answer as ProviderAnswer };
}

export function line(answer: ProviderAnswer): ResultLine {
  return { kind: 'line', raw: JSON.stringify(answer), answer };
}

/** All goes well: each page is answered with what `textOf` says, after an hour. */
export function goodPlan(textOf: (key: string) => string, changed: Partial<ProviderPlan> = {}): ProviderPlan {
  return {
    upload: () => 'uploaded',
    submit: () => 'accepted',
    end: () => 'results',
    lines: ({ requests }) => requests.map(({ key }) => textLine(key, textOf(key))),
    breaksOffAfter: () => undefined,
    isDisturbed: () => false,
    durationMs: () => 3_600_000,
    ...changed,
  };
}
