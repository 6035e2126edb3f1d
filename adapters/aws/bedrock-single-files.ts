import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { NewJob, ProviderProblem } from '../../core/ports/batch-provider.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { awsTrouble } from './aws-failure.ts';
import { assertPrefix, type BedrockFilesOptions } from './bedrock-files.ts';
import { askAws } from './bedrock-problem.ts';
import { readingBody } from './s3-body.ts';
import { openS3Client } from './s3-client.ts';

const jobSchema = z.object({
  model: z.string(),
  lines: z.array(
    z.object({
      key: z.string(),
      prompt: z.string(),
      image: z.object({ kind: z.literal('uploaded'), uri: z.string(), mimeType: z.string() }),
      temperature: z.number(),
      maxOutputTokens: z.number(),
    }),
  ),
});

const intentSchema = z.object({ at: z.number() });

/** What is to be asked, as it was submitted. */
export type SingleJob = Pick<NewJob, 'model' | 'lines'>;

/** How far a job is: ids of its records. */
export interface SingleProgress {
  /** Their intent is on record, whether they have an answer or not. */
  readonly asked: ReadonlySet<string>;
  readonly answered: ReadonlySet<string>;
  readonly isCancelled: boolean;
}

type Done<Output> = Promise<{ readonly kind: 'done'; readonly output: Output } | ProviderProblem>;

/**
 * Jobs whose pages are asked one by one, below `single/<job>/` of a prefix of a bucket: `job.json` is what to
 * ask, `asked/<record>` the intent to ask it, `answers/<record>` what came of that, `cancelled` that nothing
 * more is asked. Each is written on condition that it is not there, so that of any number of processes one
 * asks, and the first end of a record is its end.
 */
export class BedrockSingleFiles {
  readonly #options: BedrockFilesOptions & { readonly clock: Clock };
  readonly #s3: S3Client;

  /** Throws a RangeError for a prefix that Bedrock would not take. */
  constructor(options: BedrockFilesOptions & { readonly clock: Clock }) {
    assertPrefix(options.prefix);
    this.#options = options;
    this.#s3 = openS3Client(options.connection ?? {}, options.attempts);
  }

  /** One of that name that is there already stays as it is. */
  async create(name: string, job: SingleJob, signal: AbortSignal | undefined): Done<boolean> {
    return this.#putOnce(`${name}/job.json`, JSON.stringify(job), `create the job ${name}`, signal, true);
  }

  /** Cause `missing` where there is none. */
  async read(name: string, signal: AbortSignal | undefined): Done<SingleJob> {
    const action = `look at the job ${name}`;
    const read = await this.#text(`${name}/job.json`, action, signal);
    if (read.kind === 'problem') return read;
    const job = jobSchema.safeParse(parsed(read.output));
    if (job.success) return { kind: 'done', output: job.data };
    return { kind: 'problem', cause: 'missing', message: `bedrock, ${action}: it is no job` };
  }

  async progress(name: string, signal: AbortSignal | undefined): Done<SingleProgress> {
    const Prefix = this.#key(`${name}/`);
    const action = `look at the pages of the job ${name}`;
    const listed = await askAws(action, signal, async () => {
      const paths: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const command = new ListObjectsV2Command({ Bucket: this.#options.bucket, Prefix, ContinuationToken });
        const page = await this.#s3.send(command, { abortSignal: signal });
        if (page.IsTruncated === undefined) return undefined;
        for (const { Key = '' } of page.Contents ?? []) paths.push(Key.slice(Prefix.length));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken);
      const below = (folder: string) =>
        new Set(paths.flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : [])));
      return {
        asked: below('asked/'),
        answered: below('answers/'),
        isCancelled: paths.includes('cancelled'),
      };
    });
    if (listed.kind === 'problem') return listed;
    return listed.output === undefined ? notS3(action) : { kind: 'done', output: listed.output };
  }

  /** Puts the intent to ask a record on record. False: another process has it. */
  async claim(name: string, id: string, signal: AbortSignal | undefined): Done<boolean> {
    const intent = { at: this.#options.clock.now(), by: randomUUID() };
    const action = `record that ${id} of the job ${name} is asked`;
    return this.#putOnce(`${name}/asked/${id}`, JSON.stringify(intent), action, signal);
  }

  /** Milliseconds at which somebody was about to ask; undefined where the intent is gone. */
  async claimedAt(name: string, id: string, signal: AbortSignal | undefined): Done<number | undefined> {
    const read = await this.#text(`${name}/asked/${id}`, `look at ${id} of the job ${name}`, signal);
    if (read.kind === 'problem') return read.cause === 'missing' ? { kind: 'done', output: undefined } : read;
    // One that cannot be read is as old as can be: it stands for a call like any other.
    const intent = intentSchema.safeParse(parsed(read.output));
    return { kind: 'done', output: intent.success ? intent.data.at : 0 };
  }

  /** Takes back an intent of ours: nothing came of it, and whoever looks next may ask. */
  async release(name: string, id: string): Done<void> {
    return askAws(`release ${id} of the job ${name}`, undefined, async () => {
      await this.#s3.send(new DeleteObjectCommand(this.#target(`${name}/asked/${id}`)));
    });
  }

  /** `line`: as one of a job of many, without the request. False: the record has ended before. */
  async answer(name: string, id: string, line: string): Done<boolean> {
    // Not even by a signal: it was paid for.
    return this.#putOnce(
      `${name}/answers/${id}`,
      line,
      `keep the answer to ${id} of the job ${name}`,
      undefined,
    );
  }

  async answerOf(name: string, id: string, signal: AbortSignal | undefined): Done<string> {
    return this.#text(`${name}/answers/${id}`, `read the answer to ${id} of the job ${name}`, signal);
  }

  async cancel(name: string, signal: AbortSignal | undefined): Done<boolean> {
    return this.#putOnce(`${name}/cancelled`, '{}', `cancel the job ${name}`, signal);
  }

  close(): void {
    this.#s3.destroy();
  }

  /** True where what is there now is of this call. */
  async #putOnce(
    path: string,
    body: string,
    action: string,
    signal: AbortSignal | undefined,
    isSubmit = false,
  ): Done<boolean> {
    const put = async () => {
      const input = { ...this.#target(path), Body: body, IfNoneMatch: '*' };
      try {
        const { ETag } = await this.#s3.send(new PutObjectCommand(input), { abortSignal: signal });
        return ETag === undefined ? undefined : true;
      } catch (error) {
        const trouble = awsTrouble(error);
        if (trouble?.status !== 412) throw error;
        // The SDK sends a request again whose answer got lost, and then meets what it wrote itself.
        return trouble.attempts > 1 && (await this.#read(path, signal)) === body;
      }
    };
    const done = await askAws(action, signal, put, isSubmit);
    if (done.kind === 'problem') return done;
    return done.output === undefined ? notS3(action) : { kind: 'done', output: done.output };
  }

  async #text(path: string, action: string, signal: AbortSignal | undefined): Done<string> {
    return askAws(action, signal, () => this.#read(path, signal));
  }

  #read(path: string, signal: AbortSignal | undefined): Promise<string> {
    return readingBody(this.#options.clock, async () => {
      const { Body } = await this.#s3.send(new GetObjectCommand(this.#target(path)), { abortSignal: signal });
      return (await Body?.transformToString()) ?? '';
    });
  }

  #key(path: string): string {
    return `${this.#options.prefix}/single/${path}`;
  }

  #target(path: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#key(path) };
  }
}

/** The SDK takes a proxy's page for an answer without anything in it. */
function notS3(action: string): ProviderProblem {
  const message = `bedrock, ${action}: HTTP 200 with something in place of an answer of S3`;
  return { kind: 'problem', cause: 'server', message };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
