import { plainText } from '../../core/extract/plain-text.ts';
import type { JobCounts, JobState, JobStatus } from '../../core/ports/batch-provider.ts';
import { isRecord } from './gemini-problem.ts';

const JOB_NAME = /^batches\/[A-Za-z0-9_-]{1,200}$/;
const RESULTS_NAME = /^files\/[A-Za-z0-9_-]{1,200}$/;

/** `BATCH_STATE_X` on the wire, `JOB_STATE_X` in the SDKs. Any other runs, until its operation is done. */
const STATUSES: Readonly<Record<string, JobStatus>> = {
  PENDING: 'running',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  EXPIRED: 'expired',
};

/** google.rpc.Code of an operation that somebody cancelled. */
const CANCELLED = 1;

export interface GeminiJob {
  readonly state: JobState;
  /** `files/batch-abc`; undefined where the job has no file of results. */
  readonly resultsFile: string | undefined;
}

/** The name of a job where a value is one. */
export function jobNameOf(value: unknown): string | undefined {
  return typeof value === 'string' && JOB_NAME.test(value) ? value : undefined;
}

/** A long-running operation as the job that it is; undefined for what is none. */
export function jobOf(operation: unknown): GeminiJob | undefined {
  if (!isRecord(operation)) return undefined;
  const metadata = isRecord(operation.metadata) ? operation.metadata : {};
  const job = jobNameOf(operation.name ?? metadata.name);
  if (job === undefined) return undefined;
  const providerState = plainText(metadata.state ?? operation.state);
  const error = isRecord(operation.error) ? operation.error : undefined;
  const status =
    STATUSES[providerState.replace(/^(?:BATCH|JOB)_STATE_/, '')] ?? statusOfDone(operation, error);
  const resultsFile = resultsFileOf(metadata.output) ?? resultsFileOf(operation.response);
  return {
    state: {
      kind: 'job',
      job,
      name: displayNameOf(operation),
      status,
      providerState,
      hasResults: status === 'succeeded' && resultsFile !== undefined,
      counts: countsOf(metadata.batchStats),
      error:
        error &&
        `${plainText(error.code)} ${plainText(error.message)}`.replace(/\s+/g, ' ').trim().slice(0, 500),
    },
    resultsFile,
  };
}

/** Empty where there is none. */
export function displayNameOf(operation: unknown): string {
  const metadata = isRecord(operation) ? operation.metadata : undefined;
  const name = isRecord(metadata) ? metadata.displayName : undefined;
  return typeof name === 'string' ? name : '';
}

/** Of a state that we do not know: an operation that is done does not go on. */
function statusOfDone(
  { done, response }: Readonly<Record<string, unknown>>,
  error: Readonly<Record<string, unknown>> | undefined,
): JobStatus {
  if (done !== true) return 'running';
  if (error) return error.code === CANCELLED ? 'cancelled' : 'failed';
  return isRecord(response) ? 'succeeded' : 'running';
}

function resultsFileOf(output: unknown): string | undefined {
  const file = isRecord(output) ? output.responsesFile : undefined;
  return typeof file === 'string' && RESULTS_NAME.test(file) ? file : undefined;
}

/** 64 bits come as texts, and zeros not at all. */
function countsOf(stats: unknown): JobCounts | undefined {
  if (!isRecord(stats)) return undefined;
  const count = (name: string) => {
    const text = plainText(stats[name]);
    return /^\d{1,15}$/.test(text) ? Number(text) : 0;
  };
  return {
    total: count('requestCount'),
    succeeded: count('successfulRequestCount'),
    failed: count('failedRequestCount'),
  };
}
