import {
  BedrockClient,
  CreateModelInvocationJobCommand,
  GetModelInvocationJobCommand,
  type GetModelInvocationJobResponse,
  ListModelInvocationJobsCommand,
  StopModelInvocationJobCommand,
} from '@aws-sdk/client-bedrock';
import type {
  AcceptedJob,
  BatchProvider,
  CancelAsked,
  FoundJobs,
  JobState,
  NewJob,
  ProviderFile,
  ProviderProblem,
  ResultLine,
  UploadedFile,
} from '../../core/ports/batch-provider.ts';
import { assertJobName } from '../../core/ports/job-name.ts';
import { BedrockFiles, type BedrockFilesOptions, MAX_RAW } from './bedrock-files.ts';
import { answerOfRecord, formOf } from './bedrock-form.ts';
import { assertJobArn, stateOfJob } from './bedrock-job.ts';
import { askAws, refusal } from './bedrock-problem.ts';
import { clientSettings } from './client-settings.ts';

export interface BedrockBatchOptions extends BedrockFilesOptions {
  /** Lets Bedrock read and write the files. */
  readonly roleArn: string;
  /** Hours after which Bedrock gives a job up: 24 to 168. @default 48 */
  readonly timeoutHours?: number;
}

/** A line repeats its request, image and all. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** Of jobs in a listing. */
const PAGE_SIZE = 100;
/** A listing that goes on behind this many pages leads nowhere. */
const MOST_PAGES = 500;

/**
 * Batches of Amazon Bedrock: requests and answers are files in a bucket (`BedrockFiles`), images stand inside
 * the requests. Needs bedrock:CreateModelInvocationJob, GetModelInvocationJob, ListModelInvocationJobs and
 * StopModelInvocationJob, iam:PassRole, s3:GetObject, s3:PutObject and s3:AbortMultipartUpload. What lies
 * below the prefix is needed until its job is read: whoever deploys it lets it expire after that.
 */
export function openBedrockBatchProvider(options: BedrockBatchOptions): BatchProvider & { close(): void } {
  return new BedrockBatchProvider(options);
}

class BedrockBatchProvider implements BatchProvider {
  readonly name = 'bedrock';
  /** Quotas of most models. */
  readonly limits = { minimumPages: 100, maximumPages: 50_000 };
  readonly #options: BedrockBatchOptions;
  readonly #bedrock: BedrockClient;
  readonly #files: BedrockFiles;

  constructor(options: BedrockBatchOptions) {
    this.#options = options;
    this.#files = new BedrockFiles(options);
    this.#bedrock = new BedrockClient(clientSettings(options.connection ?? {}, options.attempts));
  }

  upload(file: ProviderFile, signal?: AbortSignal): Promise<UploadedFile | ProviderProblem> {
    return this.#files.putImage(file, signal);
  }

  async submit({ name, model, lines }: NewJob, signal?: AbortSignal): Promise<AcceptedJob | ProviderProblem> {
    assertJobName(name);
    const action = `create the batch job ${name}`;
    const { minimumPages, maximumPages } = this.limits;
    if (lines.length < minimumPages || lines.length > maximumPages)
      return refusal(action, `${lines.length} records; a job has ${minimumPages} to ${maximumPages}`);
    const form = formOf(model);
    const problem = await this.#files.writeRequests(name, form, lines, signal);
    // Nothing is started yet: an image or a bucket that is not there is for a person to mend.
    if (problem) return problem.cause === 'missing' ? { ...problem, cause: 'refused' } : problem;
    const command = new CreateModelInvocationJobCommand({
      jobName: name,
      roleArn: this.#options.roleArn,
      modelId: model,
      // Whoever sends the same once more gets the same job.
      clientRequestToken: name,
      modelInvocationType: form.invocation,
      inputDataConfig: {
        s3InputDataConfig: { s3InputFormat: 'JSONL', s3Uri: this.#files.inputUri(name) },
      },
      outputDataConfig: { s3OutputDataConfig: { s3Uri: this.#files.outputUri(name) } },
      timeoutDurationInHours: this.#options.timeoutHours ?? 48,
    });
    const answer = await askAws(
      action,
      signal,
      () => this.#bedrock.send(command, { abortSignal: signal }),
      true,
    );
    if (answer.kind === 'problem') return answer;
    const { jobArn } = answer.output;
    return jobArn === undefined
      ? { kind: 'problem', cause: 'unclear', message: `bedrock, ${action}: the answer names no job` }
      : { kind: 'accepted', job: jobArn };
  }

  async find(name: string, signal?: AbortSignal): Promise<FoundJobs | ProviderProblem> {
    const jobs: JobState[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const command = new ListModelInvocationJobsCommand({
        nameContains: name,
        maxResults: PAGE_SIZE,
        nextToken,
      });
      const answer = await askAws(`list the batch jobs, page ${page + 1}`, signal, () =>
        this.#bedrock.send(command, { abortSignal: signal }),
      );
      if (answer.kind === 'problem') return answer;
      const { invocationJobSummaries = [], nextToken: next } = answer.output;
      jobs.push(...invocationJobSummaries.filter(({ jobName }) => jobName === name).map(stateOfJob));
      if (!next) return { kind: 'found', jobs };
      nextToken = next;
    }
    const message = `bedrock, list the batch jobs: more than ${MOST_PAGES} pages`;
    return { kind: 'problem', cause: 'server', message };
  }

  async state(job: string, signal?: AbortSignal): Promise<JobState | ProviderProblem> {
    const told = await this.#job(job, signal);
    return told.kind === 'problem' ? told : stateOfJob(told.output);
  }

  async *results(job: string, signal?: AbortSignal): AsyncGenerator<ResultLine | ProviderProblem, void> {
    const told = await this.#job(job, signal);
    if (told.kind === 'problem') return void (yield told);
    const { name, hasResults, providerState } = stateOfJob(told.output);
    const action = `read the results of ${name}`;
    const uri = outputFileOf(job, told.output);
    if (!hasResults || uri === undefined) {
      const message = `bedrock, ${action}: there are none: ${providerState}`;
      return void (yield { kind: 'problem', cause: 'missing', message });
    }
    const keys = await this.#files.keysOf(name, signal);
    if (keys.kind === 'problem') return void (yield keys);
    const lines = this.#files.lines(uri, MAX_LINE_BYTES, action, signal);
    try {
      let next = await lines.next();
      for (; !next.done; next = await lines.next())
        yield resultOf(next.value, (id) => keys.output.get(id) ?? id);
      if (next.value) yield next.value;
    } finally {
      // Whoever stops early leaves no connection behind.
      await lines.return(undefined);
    }
  }

  async cancel(job: string, signal?: AbortSignal): Promise<CancelAsked | ProviderProblem> {
    assertJobArn(job);
    const command = new StopModelInvocationJobCommand({ jobIdentifier: job });
    const answer = await askAws(`cancel ${job}`, signal, () =>
      this.#bedrock.send(command, { abortSignal: signal }),
    );
    if (answer.kind === 'done') return { kind: 'cancel-asked' };
    if (answer.cause !== 'refused') return answer;
    // One that is over cannot be stopped, and need not be.
    const now = await this.state(job, signal);
    return now.kind === 'job' && now.status !== 'running' ? { kind: 'cancel-asked' } : answer;
  }

  close(): void {
    this.#bedrock.destroy();
    this.#files.close();
  }

  async #job(job: string, signal: AbortSignal | undefined) {
    assertJobArn(job);
    const command = new GetModelInvocationJobCommand({ jobIdentifier: job });
    return askAws(`look at ${job}`, signal, () => this.#bedrock.send(command, { abortSignal: signal }));
  }
}

/** `{output}/{id of the job}/{file of requests}.out`. */
function outputFileOf(
  job: string,
  { inputDataConfig, outputDataConfig }: GetModelInvocationJobResponse,
): string | undefined {
  const folder = outputDataConfig?.s3OutputDataConfig?.s3Uri;
  const input = inputDataConfig?.s3InputDataConfig?.s3Uri;
  if (folder === undefined || input === undefined) return undefined;
  return `${folder.replace(/\/$/, '')}/${job.split('/').at(-1)}/${input.split('/').at(-1)}.out`;
}

function resultOf(
  line: { readonly text: string; readonly isWhole: boolean },
  keyOf: (id: string) => string,
): ResultLine {
  const message = `the line has more than ${MAX_LINE_BYTES} bytes`;
  const { raw, answer } = line.isWhole
    ? answerOfRecord(line.text, keyOf)
    : { raw: line.text, answer: { kind: 'invalid-line', message } as const };
  return { kind: 'line', raw: raw.slice(0, MAX_RAW), answer };
}
