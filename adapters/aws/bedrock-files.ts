import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type TextLine, textLines } from '../../core/extract/text-lines.ts';
import type {
  ProviderFile,
  ProviderProblem,
  RequestLine,
  UploadedFile,
} from '../../core/ports/batch-provider.ts';
import type { BedrockForm } from './bedrock-form.ts';
import { askAws, bedrockProblem, refusal } from './bedrock-problem.ts';
import type { AwsConnection } from './client-settings.ts';
import { openS3Client } from './s3-client.ts';
import { ObjectTooLargeError, writeLargeObject } from './s3-large-object.ts';

/** Characters of a line that go on record. */
export const MAX_RAW = 1_000_000;
/** What Bedrock takes as one file. */
const MAX_FILE_BYTES = 1_000_000_000;

export interface BedrockFilesOptions {
  /** Where images, requests and answers lie. */
  readonly bucket: string;
  /** Before all keys, without slashes at its ends: letters, digits, `-`, `/`; never `=` or a space. */
  readonly prefix: string;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
  /** Tries of one request by the SDK. @default as every client of ours: see `clientSettings` */
  readonly attempts?: number;
  /** Bytes of a file of requests. @default what Bedrock takes: 1 GB */
  readonly maxFileBytes?: number;
}

/**
 * What Bedrock reads and writes, below one prefix of a bucket: `images/<sha256>`, `input/<job>.jsonl`,
 * `keys/<job>.json`, `output/<job>/…`.
 */
export class BedrockFiles {
  readonly #options: BedrockFilesOptions;
  readonly #s3: S3Client;

  /** Throws a RangeError for a prefix that Bedrock would not take. */
  constructor(options: BedrockFilesOptions) {
    assertPrefix(options.prefix);
    this.#options = options;
    this.#s3 = openS3Client(options.connection ?? {}, options.attempts);
  }

  inputUri(job: string): string {
    return this.#uri(`input/${job}.jsonl`);
  }

  outputUri(job: string): string {
    return `${this.#uri(`output/${job}`)}/`;
  }

  /** Where the image is from now on; the same image twice is one object. */
  async putImage(
    { bytes, mimeType, displayName }: ProviderFile,
    signal: AbortSignal | undefined,
  ): Promise<UploadedFile | ProviderProblem> {
    if (bytes.length === 0) throw new RangeError(`${displayName} has no bytes`);
    const path = `images/${createHash('sha256').update(bytes).digest('hex')}`;
    const put = await askAws(`upload ${displayName}`, signal, async () => {
      const input = { ...this.#target(path), Body: bytes, ContentType: mimeType };
      await this.#s3.send(new PutObjectCommand(input), { abortSignal: signal });
      return this.#uri(path);
    });
    return put.kind === 'problem' ? put : { kind: 'uploaded', uri: put.output, mimeType };
  }

  /** Throws what the SDK throws. */
  async image(uri: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { Body } = await this.#s3.send(new GetObjectCommand(targetOf(uri)), { abortSignal: signal });
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  }

  /** The file of requests, images inside, and the list of their keys; undefined where both are there. */
  async writeRequests(
    job: string,
    form: BedrockForm,
    lines: readonly RequestLine[],
    signal: AbortSignal | undefined,
  ): Promise<ProviderProblem | undefined> {
    const action = `write the requests of ${job}`;
    try {
      const done = await askAws(action, signal, async () => {
        const Body = JSON.stringify(lines.map(({ key }) => key));
        const keys = new PutObjectCommand({ ...this.#target(`keys/${job}.json`), Body });
        await this.#s3.send(keys, { abortSignal: signal });
        const limits = { maxBytes: this.#options.maxFileBytes ?? MAX_FILE_BYTES, signal };
        const records = this.#records(form, lines, signal);
        await writeLargeObject(this.#s3, this.#target(`input/${job}.jsonl`), records, limits);
      });
      return done.kind === 'problem' ? done : undefined;
    } catch (error) {
      if (!(error instanceof ObjectTooLargeError)) throw error;
      return refusal(action, `${error.message}; let a batch have fewer pages`);
    }
  }

  /** The keys of a job by the ids of its records. */
  async keysOf(
    job: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly kind: 'done'; readonly output: ReadonlyMap<string, string> } | ProviderProblem> {
    const action = `read the keys of ${job}`;
    const read = await askAws(action, signal, async () => {
      const target = this.#target(`keys/${job}.json`);
      const { Body } = await this.#s3.send(new GetObjectCommand(target), { abortSignal: signal });
      return (await Body?.transformToString()) ?? '';
    });
    if (read.kind === 'problem') return read;
    const keys = textsIn(read.output);
    if (!keys)
      return { kind: 'problem', cause: 'missing', message: `bedrock, ${action}: it is no list of keys` };
    return { kind: 'done', output: new Map(keys.map((key, at) => [recordIdOf(at), key])) };
  }

  /** The lines of an object as they come; a problem, returned at the end, where it is not whole. */
  async *lines(
    uri: string,
    maxBytes: number,
    action: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TextLine, ProviderProblem | undefined> {
    const opened = await askAws(action, signal, () =>
      this.#s3.send(new GetObjectCommand(targetOf(uri)), { abortSignal: signal }),
    );
    if (opened.kind === 'problem') return opened;
    const body = opened.output.Body as AsyncIterable<Uint8Array> | undefined;
    let problem: ProviderProblem | undefined;
    const pieces = async function* () {
      try {
        if (body) yield* body;
      } catch (error) {
        signal?.throwIfAborted();
        problem = bedrockProblem(error, action);
        if (!problem) throw error;
      }
    };
    for await (const line of textLines(pieces(), maxBytes)) {
      // The last line of a body that was cut is half a line.
      if (problem) break;
      yield line;
    }
    return problem;
  }

  close(): void {
    this.#s3.destroy();
  }

  /** One record after the other: no more than one image is in memory. */
  async *#records(form: BedrockForm, lines: readonly RequestLine[], signal: AbortSignal | undefined) {
    for (const [at, line] of lines.entries()) {
      const image = Buffer.from(await this.image(line.image.uri, signal)).toString('base64');
      const record = { recordId: recordIdOf(at), modelInput: form.modelInput(line, image) };
      yield Buffer.from(`${JSON.stringify(record)}\n`);
    }
  }

  #target(path: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#options.bucket, Key: `${this.#options.prefix}/${path}` };
  }

  #uri(path: string): string {
    const { Bucket, Key } = this.#target(path);
    return `s3://${Bucket}/${Key}`;
  }
}

/** Throws a RangeError for a prefix that Bedrock would not take. */
export function assertPrefix(prefix: string): void {
  if (!/^[A-Za-z0-9-]+(?:\/[A-Za-z0-9-]+)*$/.test(prefix))
    throw new RangeError(`not a prefix that Bedrock takes: ${JSON.stringify(prefix)}`);
}

/** Eleven letters and digits, as Bedrock's own guide has them: keys of pages hold more than that. */
export function recordIdOf(at: number): string {
  return `R${String(at + 1).padStart(10, '0')}`;
}

/** Undefined for what is no JSON list of texts. */
function textsIn(json: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) && list.every((each) => typeof each === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Throws a RangeError for what is no address of an object. */
function targetOf(uri: string): { readonly Bucket: string; readonly Key: string } {
  const [, Bucket, Key] = /^s3:\/\/([a-z0-9.-]+)\/(.+)$/.exec(uri) ?? [];
  if (Bucket === undefined || Key === undefined)
    throw new RangeError(`no object of S3: ${JSON.stringify(uri)}`);
  return { Bucket, Key };
}
