import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { type FoundFile, findPageImage, tooLarge } from '../../core/extract/page-image.ts';
import { readLabels } from '../../core/extract/read-labels.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { LabelNotice, PageImage, PageKey, PageLibrary } from '../../core/ports/page-library.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { awsFailure, awsTrouble } from './aws-failure.ts';
import type { AwsConnection } from './client-settings.ts';
import { readingBody } from './s3-body.ts';
import { openS3Client } from './s3-client.ts';

export interface S3PageLibraryOptions {
  readonly bucket: string;
  /** `libraries/catalogs`: `labels/` and `images/` are below it. @default the bucket itself */
  readonly prefix?: string;
  readonly clock: Clock;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
}

/**
 * Keys of a bucket as a library, with any characters that S3 takes. Needs s3:GetObject and s3:ListBucket;
 * everything that S3 refuses is a `StorageError`.
 */
export function openS3PageLibrary(options: S3PageLibraryOptions): PageLibrary & { close(): void } {
  return new S3PageLibrary(options);
}

class S3PageLibrary implements PageLibrary {
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #s3: S3Client;

  constructor({ bucket, prefix = '', clock, connection = {} }: S3PageLibraryOptions) {
    const bare = prefix.replace(/^\/+|\/+$/g, '');
    this.#bucket = bucket;
    this.#prefix = bare === '' ? '' : `${bare}/`;
    this.#clock = clock;
    this.#s3 = openS3Client(connection);
  }

  labels(told?: (notice: LabelNotice) => void): AsyncGenerator<PageKey, void> {
    return readLabels(this.#paths(), told);
  }

  image(key: PageKey, told?: (reason: string) => void): Promise<PageImage | undefined> {
    return findPageImage(key, (path) => this.#read(`${this.#prefix}images/${path}`), told);
  }

  close(): void {
    this.#s3.destroy();
  }

  async *#paths(): AsyncGenerator<string | LabelNotice, void> {
    const prefix = `${this.#prefix}labels/`;
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, token);
      for (const { Key = '' } of page.Contents ?? []) {
        const key = page.EncodingType === 'url' ? decoded(Key) : Key;
        // Consoles keep an empty object in place of a folder.
        if (key?.endsWith('/')) continue;
        if (key?.startsWith(prefix)) yield key.slice(prefix.length);
        else yield { kind: 'passed-over', path: Key, reason: 'the key is no text in UTF-8' };
      }
      token = page.NextContinuationToken;
      if (page.IsTruncated && !token)
        throw new StorageError(
          `${this.#action('s3:ListBucket', prefix)}: the listing was cut short; run again`,
        );
    } while (token);
  }

  async #page(prefix: string, token: string | undefined) {
    try {
      // XML cannot hold every character that a key may have.
      const asked = { Bucket: this.#bucket, Prefix: prefix, EncodingType: 'url' as const };
      return await this.#s3.send(new ListObjectsV2Command({ ...asked, ContinuationToken: token }));
    } catch (error) {
      throw awsFailure(error, this.#action('s3:ListBucket', prefix));
    }
  }

  async #read(key: string): Promise<FoundFile> {
    try {
      return await readingBody(this.#clock, async () => {
        const stop = new AbortController();
        const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
        const { Body, ContentLength = 0 } = await this.#s3.send(command, { abortSignal: stop.signal });
        const problem = tooLarge(ContentLength);
        if (problem === undefined) return (await Body?.transformToByteArray()) ?? new Uint8Array();
        // The connection goes with the body that nobody reads.
        stop.abort();
        return problem;
      });
    } catch (error) {
      const trouble = awsTrouble(error);
      if (trouble?.status === 404 && trouble.name !== 'NoSuchBucket') return undefined;
      throw awsFailure(error, this.#action('s3:GetObject', key));
    }
  }

  #action(permission: string, key: string): string {
    return `${permission} s3://${this.#bucket}/${key}`;
  }
}

/** A key as it is, of one that came as in an address; undefined for bytes that are no UTF-8. */
function decoded(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
