import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { assertKeyPrefix, assertObjectKey, assertObjectMetadata } from '../../core/ports/object-key.ts';
import type {
  ObjectHead,
  ObjectListing,
  ObjectStore,
  PutOptions,
  PutResult,
  StoredObject,
} from '../../core/ports/object-store.ts';
import { Deletions } from './deletions.ts';
import { listDirectory } from './directory-listing.ts';
import { syncDirectory, syncDirectorySync, writeNewFile } from './durable-file.ts';
import { LakeDirectories } from './lake-directories.ts';
import { makeDirectory } from './make-directory.ts';
import { etagOf, hashOf } from './object-etag.ts';
import { readBytes, swapIn } from './object-file.ts';
import { nonEmpty, ObjectMetadata } from './object-metadata.ts';
import { mayPack, PackedObjects } from './packed-objects.ts';
import { ProcessMutex } from './process-mutex.ts';
import { hasCode, isAbsent, storageFailure } from './storage-failure.ts';
import { TemporaryFiles } from './temporary-files.ts';

/**
 * A directory as an object store: every object is the file at its key, so any tool can read the lake.
 *
 * A put writes beside and renames, under a mutex that the operating system releases when its holder is
 * killed. Opening creates nothing but the root; `.tmp` and `.locks.sqlite` appear when they are needed.
 * `contentType` is not kept: nothing reads it from a file. Throws `StorageError` where the file
 * system refuses.
 */
export function openDirectoryObjectStore(root: string): ObjectStore & { close(): void } {
  const path = resolve(root);
  try {
    makeDirectory(path);
    const real = realpathSync.native(path);
    const temporaries = new TemporaryFiles(join(real, '.tmp'));
    temporaries.removeStale();
    return new DirectoryObjectStore(real, temporaries);
  } catch (error) {
    throw storageFailure(error, 'open', path);
  }
}

class DirectoryObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #temporaries: TemporaryFiles;
  readonly #directories: LakeDirectories;
  readonly #metadata: ObjectMetadata;
  readonly #packed: PackedObjects;
  readonly #mutex: ProcessMutex;
  readonly #deletions = new Deletions((directory, paths) =>
    attempt('delete', paths[0]!, () => this.#deleteIn(directory, paths)),
  );

  constructor(root: string, temporaries: TemporaryFiles) {
    this.#root = root;
    this.#temporaries = temporaries;
    this.#directories = new LakeDirectories(root);
    this.#metadata = new ObjectMetadata(root);
    this.#packed = new PackedObjects(root);
    this.#mutex = new ProcessMutex(join(root, '.locks.sqlite'));
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const path = this.#path(key);
    return attempt('read', path, () => this.#read(path) ?? this.#packed.get(path));
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    const object = await this.get(key);
    if (object === undefined) return undefined;
    const { body: _, ...head } = object;
    return head;
  }

  async getRange(key: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    const path = this.#path(key);
    return attempt('read', path, () => {
      const ofFile = this.#withFile(path, (file, { size }) =>
        readBytes(file, offset, Math.min(length, Math.max(0, Number(size) - offset))),
      );
      return ofFile ?? this.#packed.getRange(path, offset, length);
    });
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    const path = this.#path(key);
    if (options.metadata) assertObjectMetadata(options.metadata);
    try {
      return await this.#put(path, body, options);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw storageFailure(error, 'write', path);
    }
    // Somebody removed directories that we remember: look again, once.
    this.#directories.forget();
    this.#mutex.close();
    try {
      return await this.#put(path, body, options);
    } catch (error) {
      throw storageFailure(error, 'write', path);
    }
  }

  list(prefix: string): AsyncIterable<ObjectListing> {
    assertKeyPrefix(prefix);
    return listDirectory(this.#root, prefix, {
      in: (directory) => attempt('list', directory, () => this.#packed.list(directory)),
      above: (directory) => attempt('list', directory, () => this.#packed.listFromAbove(directory)),
    });
  }

  async delete(key: string): Promise<void> {
    return this.#deletions.add(this.#path(key));
  }

  #deleteIn(directory: string, paths: readonly string[]): void {
    const isThere = this.#directories.exists(directory);
    if (!isThere && !this.#packed.mayHold(directory)) return;
    const unpacked = this.#mutex.run(() => {
      // First: a packed object is older than a file at its place, and must not come to light again.
      const gone = this.#packed.remove(directory, paths);
      if (isThere) for (const path of paths) this.#deleteFile(path);
      return gone;
    });
    const own = isThere && !this.#packed.isIn(directory) ? [directory] : [];
    for (const each of new Set([...unpacked, ...own])) this.#directories.removeEmpty(each);
  }

  #deleteFile(path: string): void {
    if (!isFile(path)) return;
    unlinkSync(path);
    this.#metadata.remove(path);
  }

  uri(key: string): string {
    return this.#path(key);
  }

  close(): void {
    this.#deletions.finish();
    this.#mutex.close();
  }

  async #put(path: string, body: Uint8Array, options: PutOptions): Promise<PutResult> {
    const durable = options.durable === true;
    const hash = hashOf(body);
    const directory = dirname(path);
    if (mayPack(options)) {
      const { packed } = options;
      const target = typeof packed === 'string' ? this.#path(packed.slice(0, -1)) : directory;
      this.#directories.make(target);
      const isOwnThere = target === directory || this.#directories.exists(directory);
      const place = { path, directory: target, isOwnThere };
      const stored = this.#mutex.run(() => this.#packed.put(place, { body, hash }, options));
      if (stored) return stored;
    }
    const metadata = nonEmpty(options.metadata);
    const temporary = this.#temporaries.next();
    const side = metadata && { path: this.#temporaries.next(), bytes: this.#metadata.encode(hash, metadata) };
    try {
      const write = this.#write(temporary, body, directory, durable);
      if (side === undefined) await write;
      else await Promise.all([write, writeNewFile(side.path, side.bytes, durable)]);
      const stored = this.#needsLock(path, options)
        ? this.#mutex.run(() => {
            if (!this.#holds(path, options)) return false;
            const hashNow = () => this.#hashAt(path);
            this.#metadata.stage(path, hash, side?.path, { durable, hashNow });
            if (!swapIn(temporary, path, options.ifNoneMatch !== undefined)) {
              // Somebody without metadata was first, perhaps with the very same body.
              this.#metadata.unstage(path, hash);
              return false;
            }
            this.#metadata.sweep(path, side !== undefined, () => {
              if (durable) syncDirectorySync(directory);
            });
            return true;
          })
        : swapIn(temporary, path, options.ifNoneMatch !== undefined);
      if (!stored) {
        this.#discard(temporary, side?.path);
        return { kind: 'precondition-failed' };
      }
    } catch (error) {
      this.#discard(temporary, side?.path);
      throw error;
    }
    if (durable) await syncDirectory(directory);
    return { kind: 'stored', etag: etagOf(hash) };
  }

  /** A temporary file beside the directory that it is to be moved into: both as good as there. */
  async #write(temporary: string, bytes: Uint8Array, target: string, durable: boolean): Promise<void> {
    this.#directories.make(this.#temporaries.directory);
    this.#directories.make(target);
    const written = writeNewFile(temporary, bytes, durable);
    if (durable) await Promise.all([written, this.#directories.settle(target)]);
    else await written;
  }

  #discard(...temporaries: readonly (string | undefined)[]): void {
    for (const file of temporaries) if (file !== undefined) rmSync(file, { force: true });
  }

  /**
   * A new object without metadata can be in nobody's way, and most writes of a run are of one. Where there
   * must be none, the swap itself finds out, but for a packed one, which a file over it hides.
   */
  #needsLock(path: string, { ifMatch, ifNoneMatch, metadata }: PutOptions): boolean {
    if (ifMatch !== undefined || nonEmpty(metadata) || this.#metadata.isKnown(path)) return true;
    if (ifNoneMatch !== undefined) return this.#packed.find(path) !== undefined;
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  }

  /** Only under the mutex is the answer still true when the rename happens. */
  #holds(path: string, { ifMatch, ifNoneMatch }: PutOptions): boolean {
    if (ifNoneMatch !== undefined && (isFile(path) || this.#packed.find(path))) return false;
    if (ifMatch === undefined) return true;
    const hash = this.#hashAt(path);
    return hash !== undefined && etagOf(hash) === ifMatch;
  }

  #hashAt(path: string): string | undefined {
    const body = this.#withFile(path, (file, { size }) => readBytes(file, 0, Number(size)));
    return body ? hashOf(body) : this.#packed.find(path)?.hash;
  }

  #read(path: string): StoredObject | undefined {
    for (;;) {
      const found = this.#withFile(path, (file, stat) => ({
        body: readBytes(file, 0, Number(stat.size)),
        stat,
      }));
      if (found === undefined) return undefined;
      const hash = hashOf(found.body);
      const metadata = this.#metadata.read(path, hash);
      if (metadata === undefined) {
        // None, or swept by a swap since the body was read: only if the same file still stands there is it
        // none.
        const now = statSync(path, { bigint: true, throwIfNoEntry: false });
        if (now?.ino !== found.stat.ino || now.ctimeNs !== found.stat.ctimeNs) continue;
      }
      return {
        body: found.body,
        etag: etagOf(hash),
        size: found.body.length,
        lastModified: Number(found.stat.mtimeMs),
        metadata: metadata ?? {},
      };
    }
  }

  /** Undefined where no file stands at the path. A symbolic link is an error (ELOOP). */
  #withFile<T>(path: string, use: (file: number, stat: BigIntStats) => T): T | undefined {
    if (!this.#directories.exists(dirname(path))) return undefined;
    let file: number;
    try {
      file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    try {
      const stat = fstatSync(file, { bigint: true });
      return stat.isFile() ? use(file, stat) : undefined;
    } finally {
      closeSync(file);
    }
  }

  #path(key: string): string {
    assertObjectKey(key);
    return join(this.#root, key);
  }
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function attempt<T>(action: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFailure(error, action, path);
  }
}
