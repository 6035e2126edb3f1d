import type { GetModelInvocationJobResponse } from '@aws-sdk/client-bedrock';
import type { JobState, JobStatus } from '../../core/ports/batch-provider.ts';

const JOB_ARN = /^arn:[a-z-]+:bedrock:[a-z0-9-]+:\d{12}:model-invocation-job\/[a-z0-9]{1,64}$/;

/** The ends; whatever else there is or will be is on its way. */
const ENDS: Readonly<Record<string, JobStatus>> = {
  Completed: 'succeeded',
  // Some records were not asked in time: they have no line.
  PartiallyCompleted: 'succeeded',
  Failed: 'failed',
  Stopped: 'cancelled',
  Expired: 'expired',
};

/** What a job and its entry in a listing both tell. */
type ToldJob = Pick<
  GetModelInvocationJobResponse,
  'jobArn' | 'jobName' | 'status' | 'message' | 'totalRecordCount' | 'successRecordCount' | 'errorRecordCount'
>;

/** Throws a RangeError for anything that is no ARN of a job. */
export function assertJobArn(job: string): void {
  if (!JOB_ARN.test(job)) throw new RangeError(`not the ARN of a batch job: ${JSON.stringify(job)}`);
}

export function stateOfJob(told: ToldJob): JobState {
  const { jobArn = '', jobName = '', status = 'Submitted', message } = told;
  const end = ENDS[status];
  const { totalRecordCount: total, successRecordCount: succeeded = 0, errorRecordCount: failed = 0 } = told;
  return {
    kind: 'job',
    job: jobArn,
    name: jobName,
    status: end ?? 'running',
    providerState: status,
    hasResults: end === 'succeeded',
    counts: total === undefined ? undefined : { total, succeeded, failed },
    error: message?.replace(/\s+/g, ' ').trim().slice(0, 500) || undefined,
  };
}
