/**
 * Objects under keys with `/` in them: the S3 model, byte-level. Serialisation lives above.
 * A key matches `^[A-Za-z0-9_][A-Za-z0-9._=-]*(/[A-Za-z0-9_][A-Za-z0-9._=-]*)*$` (at most 900 characters);
 * anything else throws before it touches a path (`object-key.ts`).
 * A store that cannot do its work (permissions, full disk, damage) throws a `StorageError`.
 */
export interface ObjectStore {
  /** The object, or undefined where there is none. */
  get(key: string): Promise<StoredObject | undefined>;
  /** `length` bytes from `offset`; fewer at the end of the object. Undefined where there is no object. */
  getRange(key: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /** What `get` would give, without the body. */
  head(key: string): Promise<ObjectHead | undefined>;
  /**
   * Writes the object in one atomic step: a reader sees the old bytes or the new ones.
   * A condition that does not hold writes nothing and answers `precondition-failed`.
   */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<PutResult>;
  /** Every object whose key starts with `prefix`, in key order (UTF-8). Never truncated. */
  list(prefix: string): AsyncIterable<ObjectListing>;
  /** Removes the object; already gone is fine. */
  delete(key: string): Promise<void>;
  /** Where a query engine finds the object: an absolute path, or `s3://bucket/key`. */
  uri(key: string): string;
}

export interface ObjectHead {
  /** Changes whenever the body changes; opaque. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  /** Keys are lower case; at most 2 KB in all, printable ASCII values (the limits of S3). */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StoredObject extends ObjectHead {
  readonly body: Uint8Array;
}

export interface ObjectListing {
  readonly key: string;
}

export interface PutOptions {
  /** Write only over the object that carries this etag. */
  readonly ifMatch?: string;
  /** Write only where there is no object. */
  readonly ifNoneMatch?: '*';
  readonly metadata?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  /** True for objects that must survive a power cut the moment `put` resolves (data files, manifests). */
  readonly durable?: boolean;
  /**
   * For one of many small objects with keys below this prefix, which ends with a `/`, or with the same key
   * up to the last `/` (`true`), written once and soon deleted: a store to which a file is dear may keep
   * them in one. Then `uri` leads nowhere. The key has two more `/` behind the prefix at most; who puts one
   * key always names the same prefix.
   * Who puts one key at the same time asks for it as well: of one that does not, `ifNoneMatch` may not know.
   */
  readonly packed?: boolean | string;
}

export type PutResult =
  | { readonly kind: 'stored'; readonly etag: string }
  | { readonly kind: 'precondition-failed' };
