/**
 * A model that is asked in batches: many requests go in as one job, and hours later their answers come out.
 * Nothing that a provider or a network does throws: it is a `ProviderProblem`. Only the reason of the
 * caller's own signal is thrown, and bugs. No adapter waits for a job, nor asks again after a problem: when
 * and how often is the caller's policy.
 */
export interface BatchProvider {
  readonly name: 'gemini' | 'bedrock';
  readonly limits: ProviderLimits;
  /** Makes an image usable in a request. Asked twice, it makes two files, which cost nothing. */
  upload(file: ProviderFile, signal?: AbortSignal): Promise<UploadedFile | ProviderProblem>;
  /**
   * Starts a job, which is paid for. Not idempotent at every provider: after a lost answer (cause `unclear`)
   * look with `find` before calling again.
   */
  submit(job: NewJob, signal?: AbortSignal): Promise<AcceptedJob | ProviderProblem>;
  /** Every job under a name of ours, in any state: more than one where a submission was repeated. */
  find(name: string, signal?: AbortSignal): Promise<FoundJobs | ProviderProblem>;
  /** Cause `missing`: the provider knows no such job. */
  state(job: string, signal?: AbortSignal): Promise<JobState | ProviderProblem>;
  /**
   * The answers of a job that has results, in any order, as they come. A problem is the last thing that
   * comes: what came before it is right, and the whole can be asked for again.
   */
  results(job: string, signal?: AbortSignal): AsyncIterable<ResultLine | ProviderProblem>;
  /** Asks for the end of a job, which comes later; one that is over already is fine. */
  cancel(job: string, signal?: AbortSignal): Promise<CancelAsked | ProviderProblem>;
}

/** What holds for every job at this provider. */
export interface ProviderLimits {
  /** Pages; a job of fewer is refused. */
  readonly minimumPages: number;
  /** Pages; a job of more is refused. */
  readonly maximumPages: number;
}

export interface ProviderFile {
  /** At least one byte. */
  readonly bytes: Uint8Array;
  /** `image/jpeg`, `image/png` or `image/webp`. */
  readonly mimeType: string;
  /** For people who look at the provider's list of files; any characters. */
  readonly displayName: string;
}

/** Good for requests to the provider that gave it, for some hours. */
export interface UploadedFile {
  readonly kind: 'uploaded';
  readonly uri: string;
  readonly mimeType: string;
}

export interface NewJob {
  /** Ours, and of this job alone: 1 to 63 of `a-z`, `0-9` and, in between, `-`. What `find` looks for. */
  readonly name: string;
  /** As the provider calls it: `gemini-2.5-flash`. */
  readonly model: string;
  readonly lines: readonly RequestLine[];
}

/** One question: a text, then an image. The provider's own form is made of it by the adapter. */
export interface RequestLine {
  /** Comes back with the answer; of one job each once, any characters. */
  readonly key: string;
  readonly prompt: string;
  readonly image: UploadedFile;
  /** 0 to 1. */
  readonly temperature: number;
  readonly maxOutputTokens: number;
}

export interface AcceptedJob {
  readonly kind: 'accepted';
  /** The provider's name of it; for `state`, `results` and `cancel`. */
  readonly job: string;
}

export interface FoundJobs {
  readonly kind: 'found';
  readonly jobs: readonly JobState[];
}

export interface CancelAsked {
  readonly kind: 'cancel-asked';
}

/** A state that is not known counts as running: the provider may add some. */
export type JobStatus = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'expired';

export interface JobState {
  readonly kind: 'job';
  readonly job: string;
  /** The name under which it was submitted; empty for a job that has none. */
  readonly name: string;
  readonly status: JobStatus;
  /** As the provider spells it, for the record: `BATCH_STATE_PENDING`. */
  readonly providerState: string;
  /** Whether there is anything to read with `results`: a job may succeed without. */
  readonly hasResults: boolean;
  /** Requests; undefined where the provider does not say. */
  readonly counts: JobCounts | undefined;
  /** Why it ended, in the provider's words, on one line. */
  readonly error: string | undefined;
}

export interface JobCounts {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** What came back for one request. */
export interface ResultLine {
  readonly kind: 'line';
  /**
   * The line as the provider wrote it, for the record: without a request that is echoed in it, and without
   * what is behind a million characters.
   */
  readonly raw: string;
  readonly answer: ProviderAnswer;
}

/** What a line says, in one form for all providers. `key` is as it was sent, or somebody else's. */
export type ProviderAnswer =
  /** No JSON, no object, no key that is a text, or too long to be read. */
  | { readonly kind: 'invalid-line'; readonly message: string }
  /** The provider could not do this one request. */
  | { readonly kind: 'error'; readonly key: string; readonly code: string; readonly message: string }
  /** The line has neither an error nor a response. */
  | { readonly kind: 'no-response'; readonly key: string }
  | ({ readonly kind: 'no-candidates'; readonly key: string } & ModelUse)
  /** Held back by the provider's filters, in the prompt or in the answer. `reason`: its word for it. */
  | ({ readonly kind: 'blocked'; readonly key: string; readonly reason: string } & ModelUse)
  | ({
      readonly kind: 'text';
      readonly key: string;
      /** Trimmed, without what the model thought; may be empty. */
      readonly text: string;
      /** True where the model was cut off at `maxOutputTokens`. */
      readonly isTruncated: boolean;
    } & ModelUse);

export interface ModelUse {
  /** What is paid for; output includes what the model thought. Undefined where the provider does not say. */
  readonly tokens: { readonly input: number; readonly output: number } | undefined;
}

/**
 * What kept a call from its answer.
 *
 * | cause | what it means | what to do |
 * |---|---|---|
 * | `rate-limited` | too much at once, or a quota is used up | again, after `retryAfterMs` |
 * | `unreachable` | no answer, or one that broke off; for `submit`: nothing was sent | again later |
 * | `server` | it failed, or answered with something else than its API; nothing was done | again later |
 * | `unclear` | `submit` alone: it may have been carried out | `find`, then again |
 * | `missing` | the provider has no such job, or its results are gone | the job is lost |
 * | `refused` | key, model, address, size or form: the same call is refused again | an operator's case |
 */
export interface ProviderProblem {
  readonly kind: 'problem';
  readonly cause: 'rate-limited' | 'unreachable' | 'server' | 'unclear' | 'missing' | 'refused';
  /** Milliseconds that the provider asks us to wait. */
  readonly retryAfterMs?: number;
  /** One line for a person: what was tried and what came. Never a credential. */
  readonly message: string;
}
