import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { PlayedAnswers, ProviderTrouble } from '../../contracts/batch-provider.contract.ts';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';
import { type Answered, failed, json, playedS3, s3Failed } from './played-s3.ts';

const ARN = 'arn:aws:bedrock:eu-west-1:123456789012:model-invocation-job/';
/** What Bedrock takes as the address of a folder or a file: no `=`, no space. */
const S3_URI = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[A-Za-z0-9\-_.!*'()]+)*\/?$/;

interface Job {
  readonly arn: string;
  readonly input: Readonly<Record<string, never>> & {
    readonly jobName: string;
    readonly clientRequestToken: string;
    readonly modelInvocationType: string;
  };
  readonly records: readonly { readonly recordId: string; readonly modelInput: Record<string, unknown> }[];
  isStopped: boolean;
}

export interface PlayedBedrock extends LoopbackSite {
  /** By path: `/bucket/key`. */
  readonly objects: Map<string, Buffer>;
  readonly jobs: readonly Job[];
  /** `CreateModelInvocationJob`, `s3 PUT` … in the order of the requests. */
  readonly journal: string[];
  finish(): void;
}

/** The control plane of Bedrock's batches and the S3 that it reads and writes, behind one address. */
export async function serveBedrock(
  answer: PlayedAnswers['answer'],
  trouble: ProviderTrouble = {},
): Promise<PlayedBedrock> {
  const objects: PlayedBedrock['objects'] = new Map();
  const jobs: Job[] = [];
  const journal: string[] = [];
  const s3 = playedS3(objects, journal);
  let isFinished = false;
  let lost = 0;

  function bedrock(method: string, url: URL, body: Buffer): Answered {
    const stop = /^\/model-invocation-job\/(.+)\/stop$/.exec(url.pathname)?.[1];
    const one = /^\/model-invocation-job\/(.+)$/.exec(url.pathname)?.[1];
    if (method === 'POST' && url.pathname === '/model-invocation-job') return create(body);
    if (url.pathname === '/model-invocation-jobs') return list(url);
    const arn = decodeURIComponent(stop ?? one ?? '');
    journal.push(stop ? 'StopModelInvocationJob' : 'GetModelInvocationJob');
    if (trouble.call === 'server-error') return failed(500, 'InternalServerException');
    const job = jobs.find((each) => each.arn === arn);
    if (!job) return failed(404, 'ResourceNotFoundException');
    if (!stop) return json(told(job));
    if (told(job).endTime !== undefined) return failed(400, 'ConflictException', 'the job is over');
    job.isStopped = true;
    return json({});
  }

  function create(body: Buffer): Answered {
    journal.push('CreateModelInvocationJob');
    if (trouble.call === 'rate-limited') return failed(429, 'ThrottlingException');
    const input = JSON.parse(body.toString());
    const { jobName, clientRequestToken, modelId, roleArn, timeoutDurationInHours: hours } = input;
    const uris = [
      input.inputDataConfig.s3InputDataConfig.s3Uri,
      input.outputDataConfig.s3OutputDataConfig.s3Uri,
    ];
    const isValid =
      /^[a-zA-Z0-9]{1,63}(?:-*[a-zA-Z0-9+\-.]){0,63}$/.test(jobName) &&
      jobName.length <= 63 &&
      /^[a-zA-Z0-9]{1,256}(?:-*[a-zA-Z0-9]){0,256}$/.test(clientRequestToken) &&
      /^arn:aws:iam::\d{12}:role\/.+$/.test(roleArn) &&
      hours >= 24 &&
      hours <= 168 &&
      uris.every((uri) => S3_URI.test(uri));
    if (!isValid) return failed(400, 'ValidationException', 'a field has another form');
    if (!/anthropic\.claude|amazon\.nova/.test(modelId))
      return failed(400, 'ValidationException', 'The provided model identifier is invalid.');
    const known = jobs.find((job) => job.input.clientRequestToken === clientRequestToken);
    const file = objects.get(uris[0].slice('s3:/'.length));
    const records = (file?.toString() ?? '')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    if (records.length < 100) return failed(400, 'ValidationException', 'fewer than 100 records');
    const arn = `${ARN}job${String(jobs.length + 1).padStart(9, '0')}`;
    if (!known) jobs.push({ arn, input, records, isStopped: false });
    // As often as the SDK asks, but for once: that is how often it repeats a call.
    if (trouble.call === 'lost-submit' && lost++ < 2) return { status: 0, body: '' };
    return json({ jobArn: known?.arn ?? arn });
  }

  function list(url: URL): Answered {
    journal.push('ListModelInvocationJobs');
    const part = url.searchParams.get('nameContains') ?? '';
    const from = Number(url.searchParams.get('nextToken') ?? 0);
    const found = jobs.filter(({ input }) => input.jobName.includes(part)).toReversed();
    // Pages of one, so that there are several.
    const next = from + 1 < found.length ? { nextToken: String(from + 1) } : {};
    return json({ invocationJobSummaries: found.slice(from, from + 1).map(told), ...next });
  }

  function told(job: Job) {
    const end = { failed: 'Failed', expired: 'Expired', cancelled: 'Stopped' } as const;
    const named = trouble.end && trouble.end !== 'no-results' ? end[trouble.end] : 'Completed';
    const status = job.isStopped ? 'Stopped' : isFinished ? named : 'InProgress';
    const errors = job.records.filter(
      ({ modelInput }) => trouble.lines?.[keyOf(modelInput)] === 'error',
    ).length;
    return {
      ...job.input,
      jobArn: job.arn,
      status,
      submitTime: '1970-01-01T00:16:40Z',
      ...(status !== 'InProgress' && { endTime: '1970-01-01T01:16:40Z' }),
      ...(status === 'Failed' && { message: 'the input\ncannot be read' }),
      totalRecordCount: job.records.length,
      ...(status === 'Completed' && {
        successRecordCount: job.records.length - errors,
        errorRecordCount: errors,
      }),
    };
  }

  function finish(): void {
    isFinished = true;
    if (trouble.end) return;
    for (const job of jobs) {
      const config = job.input as unknown as Record<string, Record<string, { s3Uri: string }>>;
      const folder = config.outputDataConfig!.s3OutputDataConfig!.s3Uri.slice('s3:/'.length);
      const lines = job.records.flatMap((record) => linesOf(record)).toReversed();
      const name = config.inputDataConfig!.s3InputDataConfig!.s3Uri.split('/').at(-1);
      const at = `${folder}${job.arn.split('/').at(-1)}`;
      objects.set(
        `${at}/${name}.out`,
        Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
      );
      objects.set(`${at}/manifest.json.out`, Buffer.from(JSON.stringify({ totalRecordCount: lines.length })));
    }
  }

  /** The input is echoed, and the order another one. */
  function linesOf({ recordId, modelInput }: Job['records'][number]): object[] {
    const key = keyOf(modelInput);
    const fault = trouble.lines?.[key];
    if (fault === 'missing') return [];
    const error = { errorCode: 400, errorMessage: 'the image cannot be read' };
    if (fault === 'error') return [{ modelInput, recordId, error }];
    const modelOutput = outputOf(modelInput, answer({ key, prompt: textIn(modelInput) }), fault);
    const line = { modelInput, modelOutput, recordId };
    return fault === 'doubled' ? [line, line] : [line];
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://aws');
    const body = await buffer(request);
    const isBedrock = url.pathname.startsWith('/model-invocation-job');
    const given = trouble.isStranger
      ? isBedrock
        ? failed(403, 'UnrecognizedClientException')
        : s3Failed(403, 'InvalidAccessKeyId')
      : isBedrock
        ? bedrock(request.method ?? 'GET', url, body)
        : s3(request, url, body);
    if (given.status === 0) return void response.socket?.resetAndDestroy();
    const whole = Buffer.from(given.body);
    response.once('close', () => {
      if (!response.writableFinished) journal.push('hung up');
    });
    response.writeHead(given.status, { ...given.headers, 'Content-Length': whole.length });
    if (trouble.call === 'cut-results' && url.pathname.endsWith('.out'))
      response.write(whole.subarray(0, whole.length >> 1), () => response.destroy());
    else response.end(whole);
  }

  const site = await serveHttp((request, response) => void handle(request, response));
  return Object.assign(site, { objects, jobs, journal, finish });
}

/** The played model answers in the form in which it was asked. */
function outputOf(modelInput: Record<string, unknown>, text: string, fault: string | undefined): object {
  const said = fault === 'truncated' ? text.slice(0, text.length >> 1) : text;
  if ('anthropic_version' in modelInput) {
    const stop_reason = { truncated: 'max_tokens', blocked: 'refusal' }[fault ?? ''] ?? 'end_turn';
    const content = [
      { type: 'thinking', thinking: 'A page of courses.' },
      { type: 'text', text: said },
    ];
    return {
      type: 'message',
      role: 'assistant',
      content,
      stop_reason,
      usage: { input_tokens: 300, output_tokens: 20 },
    };
  }
  const stopReason = { truncated: 'max_tokens', blocked: 'guardrail_intervened' }[fault ?? ''] ?? 'end_turn';
  const content = [{ reasoningContent: { reasoningText: { text: 'A page.' } } }, { text: said }];
  const usage = { inputTokens: 300, outputTokens: 20, totalTokens: 320 };
  return { output: { message: { role: 'assistant', content } }, stopReason, usage };
}

/** The prompt, in either form. */
function textIn(modelInput: Record<string, unknown>): string {
  const [message] = modelInput.messages as { content: { text?: string }[] }[];
  return message?.content.find(({ text }) => text !== undefined)?.text ?? '';
}

/** The tests' prompts name the page: `Read the page <key>.` */
function keyOf(modelInput: Record<string, unknown>): string {
  return textIn(modelInput).slice('Read the page '.length, -1);
}
