import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../core/ports/clock.ts';
import { assertKeyPrefix, assertObjectKey, assertObjectMetadata } from '../../core/ports/object-key.ts';
import type {
  ObjectHead,
  ObjectListing,
  ObjectStore,
  PutOptions,
  PutResult,
  StoredObject,
} from '../../core/ports/object-store.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { type AwsTrouble, awsFailure, awsTrouble } from './aws-failure.ts';
import { type Backoff, pauseAfter } from './backoff.ts';
import { type AwsConnection, ONE_RESOURCE, REQUEST_TIMEOUT_MS, withoutLogger } from './client-settings.ts';
import { readingBody } from './s3-body.ts';
import { openS3Client } from './s3-client.ts';

export interface S3ObjectStoreOptions {
  readonly bucket: string;
  readonly clock: Clock;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
}

/** A put met another one under way (409). S3 is done with that within milliseconds. */
const CONTENDED: Backoff = { attempts: 6, baseMs: 50, capMs: 1_000 };
/** The slowest line that a body is given time for. */
const SLOWEST_BYTES_PER_MS = 250;
/**
 * A body of this size or more is given its time beside that of any request. A smaller one needs at most 2 s
 * of it, and the SDK prepares each request anew that has settings of its own.
 */
const LARGE_BODY_BYTES = 500_000;

/**
 * A bucket as an object store.
 *
 * Every put is one PutObject, whatever its size (S3 takes 5 GB; ours end at 32 MB, the segment of a WARC
 * file): it is atomic, its condition is checked by S3 in the same step, its etag is one of its bytes, and
 * there are no parts of a multipart upload to be left behind.
 *
 * How a conditional put ends:
 *
 * | S3 says | meaning | we |
 * |---|---|---|
 * | 412, or 404 on If-Match | the condition does not hold | answer `precondition-failed` |
 * | … after the SDK sent it before, no answer, or 5xx | perhaps our own put | read it: ours is `stored` |
 * | 409 | another write of the key is under way | put again; read the object where that goes on |
 *
 * Throws a `StorageError` that names the action and the key for everything else. Needs s3:GetObject,
 * s3:PutObject, s3:DeleteObject and s3:ListBucket; without the last one, S3 answers 403 for an object that is
 * not there.
 */
export function openS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore & { close(): void } {
  return new S3ObjectStore(options);
}

class S3ObjectStore implements ObjectStore {
  readonly #bucket: string;
  readonly #clock: Clock;
  readonly #client: S3Client;

  constructor({ bucket, clock, connection = {} }: S3ObjectStoreOptions) {
    this.#bucket = bucket;
    this.#clock = clock;
    this.#client = withoutLogger(openS3Client(connection, undefined, ONE_RESOURCE));
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const target = this.#target(key);
    return this.#read('s3:GetObject', key, async () => {
      const output = await this.#client.send(new GetObjectCommand(target));
      const body = (await output.Body?.transformToByteArray()) ?? new Uint8Array();
      return { body, ...headOf({ ...output, ContentLength: body.length }) };
    });
  }

  async getRange(key: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    const target = this.#target(key);
    // A range of no bytes cannot be asked for.
    if (length <= 0) return (await this.head(key)) && new Uint8Array();
    const Range = `bytes=${offset}-${offset + length - 1}`;
    return this.#read('s3:GetObject', key, async () => {
      try {
        const output = await this.#client.send(new GetObjectCommand({ ...target, Range }));
        return (await output.Body?.transformToByteArray()) ?? new Uint8Array();
      } catch (error) {
        // Behind the end of the object there is nothing, which is no failure.
        if (awsTrouble(error)?.status === 416) return new Uint8Array();
        throw error;
      }
    });
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    const target = this.#target(key);
    // HEAD needs the permission of GET.
    return this.#read('s3:GetObject', key, async () =>
      headOf(await this.#client.send(new HeadObjectCommand(target))),
    );
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    const target = this.#target(key);
    const { ifMatch, ifNoneMatch, metadata = {}, contentType } = options;
    assertObjectMetadata(metadata);
    const input = {
      ...target,
      Body: body,
      Metadata: { ...metadata },
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(ifMatch !== undefined && { IfMatch: ifMatch }),
      ...(ifNoneMatch !== undefined && { IfNoneMatch: ifNoneMatch }),
    };
    const patience =
      body.length < LARGE_BODY_BYTES
        ? undefined
        : { requestTimeout: REQUEST_TIMEOUT_MS + body.length / SLOWEST_BYTES_PER_MS };
    let perhapsWritten = false;
    for (let attempt = 1; ; attempt++) {
      try {
        const { ETag } = await this.#client.send(new PutObjectCommand(input), patience);
        return { kind: 'stored', etag: etagOf(ETag) };
      } catch (error) {
        const trouble = awsTrouble(error);
        const answer = conditionalAnswer(trouble, options);
        if (trouble === undefined || answer === undefined)
          throw awsFailure(error, this.#action('s3:PutObject', key));
        perhapsWritten ||= answer === 'unclear' || trouble.attempts > 1;
        if (answer === 'refused' && !perhapsWritten) return { kind: 'precondition-failed' };
        if (answer !== 'contended' || attempt >= CONTENDED.attempts) {
          return await this.#decide(key, body, options, perhapsWritten, error);
        }
      }
      await this.#clock.sleep(pauseAfter(attempt, CONTENDED));
    }
  }

  list(prefix: string): AsyncIterable<ObjectListing> {
    assertKeyPrefix(prefix);
    return this.#list(prefix);
  }

  async delete(key: string): Promise<void> {
    const target = this.#target(key);
    try {
      await this.#client.send(new DeleteObjectCommand(target));
    } catch (error) {
      throw awsFailure(error, this.#action('s3:DeleteObject', key));
    }
  }

  uri(key: string): string {
    assertObjectKey(key);
    return `s3://${this.#bucket}/${key}`;
  }

  close(): void {
    this.#client.destroy();
  }

  async *#list(prefix: string): AsyncGenerator<ObjectListing> {
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, token);
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield { key: Key };
      token = page.NextContinuationToken;
      if (page.IsTruncated && !token) {
        throw new StorageError(
          `${this.#action('s3:ListBucket', prefix)}: the listing was cut short without a way to go on; run again`,
        );
      }
    } while (token);
  }

  async #page(prefix: string, token: string | undefined) {
    try {
      return await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }),
      );
    } catch (error) {
      throw awsFailure(error, this.#action('s3:ListBucket', prefix));
    }
  }

  /**
   * What the object itself says about a conditional put whose answer does not. `error` is thrown where
   * nothing was decided.
   */
  async #decide(
    key: string,
    body: Uint8Array,
    { ifMatch, metadata = {} }: PutOptions,
    perhapsWritten: boolean,
    error: unknown,
  ): Promise<PutResult> {
    const failure = awsFailure(error, this.#action('s3:PutObject', key));
    const now = await this.get(key).catch(() => {
      // What went wrong first is what has to be mended.
      throw failure;
    });
    if (
      perhapsWritten &&
      now &&
      sameMetadata(now.metadata, metadata) &&
      Buffer.compare(now.body, body) === 0
    ) {
      return { kind: 'stored', etag: now.etag };
    }
    const stillHolds = ifMatch === undefined ? now === undefined : now?.etag === ifMatch;
    // Somebody else's object: we lost, or won and were replaced since. Either way the caller reads again and
    // goes on from there.
    if (!stillHolds) return { kind: 'precondition-failed' };
    throw failure;
  }

  /** Undefined where there is no object. */
  async #read<T>(permission: string, key: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await readingBody(this.#clock, read);
    } catch (error) {
      const trouble = awsTrouble(error);
      if (trouble?.status === 404 && trouble.name !== 'NoSuchBucket') return undefined;
      throw awsFailure(error, this.#action(permission, key));
    }
  }

  #target(key: string): { readonly Bucket: string; readonly Key: string } {
    assertObjectKey(key);
    return { Bucket: this.#bucket, Key: key };
  }

  #action(permission: string, key: string): string {
    return `${permission} s3://${this.#bucket}/${key}`;
  }
}

/** Undefined: trouble that has nothing to do with the condition. */
function conditionalAnswer(
  trouble: AwsTrouble | undefined,
  { ifMatch, ifNoneMatch }: PutOptions,
): 'refused' | 'contended' | 'unclear' | undefined {
  if (trouble === undefined || (ifMatch === undefined && ifNoneMatch === undefined)) return undefined;
  const { status, name, kind } = trouble;
  if (status === 412) return 'refused';
  if (status === 404 && ifMatch !== undefined && name !== 'NoSuchBucket') return 'refused';
  if (status === 409) return 'contended';
  // Throttled requests are not carried out, but one of the tries before may have been.
  return kind === 'unclear' || kind === 'throttled' ? 'unclear' : undefined;
}

function headOf(output: {
  readonly ETag?: string | undefined;
  readonly ContentLength?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly Metadata?: Record<string, string> | undefined;
}): ObjectHead {
  return {
    etag: etagOf(output.ETag),
    size: output.ContentLength ?? 0,
    lastModified: output.LastModified?.getTime() ?? 0,
    metadata: output.Metadata ?? {},
  };
}

/** Without one no swap is safe, and every S3 sends it: then something else answered. */
function etagOf(etag: string | undefined): string {
  if (etag === undefined) throw new StorageError('S3 answered without an ETag; check what the endpoint is');
  return etag;
}

function sameMetadata(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
