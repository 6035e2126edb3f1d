import { hash as digest } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
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
import { listDirectory } from './directory-listing.ts';
import { syncPath, writeTemporary } from './durable-file.ts';
import { LakeDirectories } from './lake-directories.ts';
import { makeDirectory } from './make-directory.ts';
import { type Metadata, ObjectMetadata } from './object-metadata.ts';
import { ProcessMutex } from './process-mutex.ts';
import { hasCode, isAbsent, storageFailure } from './storage-failure.ts';
import { TemporaryFiles } from './temporary-files.ts';

/**
 * A directory as an object store: every object is the file at its key, so any tool can read the lake.
 *
 * A put writes beside and renames, under a mutex that the operating system releases when its holder is
 * killed. Opening creates nothing but the root; `.tmp`, `.meta` and `.locks.sqlite` appear when they are
 * needed. `contentType` is not kept: nothing reads it from a file. Throws `StorageError` where the file
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
  readonly #mutex: ProcessMutex;

  constructor(root: string, temporaries: TemporaryFiles) {
    this.#root = root;
    this.#temporaries = temporaries;
    this.#directories = new LakeDirectories(root);
    this.#metadata = new ObjectMetadata(join(root, '.meta'));
    this.#mutex = new ProcessMutex(join(root, '.locks.sqlite'));
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const path = this.#path(key);
    return attempt('read', path, () => this.#read(key, path));
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    const object = await this.get(key);
    if (object === undefined) return undefined;
    const { body: _, ...head } = object;
    return head;
  }

  async getRange(key: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    const path = this.#path(key);
    return attempt('read', path, () =>
      this.#withFile(path, (file) => {
        const wanted = Math.min(length, Math.max(0, fstatSync(file).size - offset));
        const bytes = Buffer.alloc(wanted);
        let filled = 0;
        while (filled < wanted) {
          const read = readSync(file, bytes, filled, wanted - filled, offset + filled);
          if (read === 0) break;
          filled += read;
        }
        return bytes.subarray(0, filled);
      }),
    );
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    const path = this.#path(key);
    if (options.metadata) assertObjectMetadata(options.metadata);
    try {
      return await this.#put(key, path, body, options);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw storageFailure(error, 'write', path);
    }
    // Somebody removed directories that we remember: look again, once.
    this.#directories.forget();
    this.#mutex.close();
    try {
      return await this.#put(key, path, body, options);
    } catch (error) {
      throw storageFailure(error, 'write', path);
    }
  }

  list(prefix: string): AsyncIterable<ObjectListing> {
    assertKeyPrefix(prefix);
    return listDirectory(this.#root, prefix);
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    attempt('delete', path, () => {
      if (!this.#directories.exists(dirname(path))) return;
      this.#mutex.run(() => {
        if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return;
        rmSync(path);
        this.#metadata.sweep(key, undefined);
      });
    });
  }

  uri(key: string): string {
    return this.#path(key);
  }

  close(): void {
    this.#mutex.close();
  }

  async #put(key: string, path: string, body: Uint8Array, options: PutOptions): Promise<PutResult> {
    const durable = options.durable === true;
    const hash = hashOf(body);
    const temporary = this.#temporaries.next();
    const directory = dirname(path);
    this.#directories.make(this.#temporaries.directory);
    this.#directories.make(directory);
    writeTemporary(temporary, body, false);
    try {
      if (durable) await syncPath(temporary);
      // A new object without conditions or metadata can be in nobody's way: no lock, which most writes of a
      // run save.
      const stored = this.#isPlainAndNew(key, path, options)
        ? rename(temporary, path)
        : this.#mutex.run(() => {
            if (!this.#holds(path, options)) return false;
            this.#metadata.stage(key, hash, nonEmpty(options.metadata), this.#temporaries.next(), durable);
            if (!this.#swap(temporary, path, options)) return false;
            this.#metadata.sweep(key, hash);
            return true;
          });
      if (!stored) {
        rmSync(temporary, { force: true });
        return { kind: 'precondition-failed' };
      }
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    if (durable) await this.#directories.sync(directory);
    return { kind: 'stored', etag: etagOf(hash) };
  }

  /**
   * `link` fails where an object stands by now: a plain write takes no lock, so looking first is not enough.
   */
  #swap(temporary: string, path: string, { ifNoneMatch }: PutOptions): boolean {
    if (ifNoneMatch === undefined) return rename(temporary, path);
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
    rmSync(temporary);
    return true;
  }

  #isPlainAndNew(key: string, path: string, { ifMatch, ifNoneMatch, metadata }: PutOptions): boolean {
    if (ifMatch !== undefined || ifNoneMatch !== undefined || nonEmpty(metadata)) return false;
    return lstatSync(path, { throwIfNoEntry: false }) === undefined && !this.#metadata.isKnown(key);
  }

  /** Only under the mutex is the answer still true when the rename happens. */
  #holds(path: string, { ifMatch, ifNoneMatch }: PutOptions): boolean {
    if (ifNoneMatch !== undefined && lstatSync(path, { throwIfNoEntry: false })?.isFile()) return false;
    if (ifMatch === undefined) return true;
    const body = this.#withFile(path, (file) => readFileSync(file));
    return body !== undefined && etagOf(hashOf(body)) === ifMatch;
  }

  #read(key: string, path: string): StoredObject | undefined {
    for (;;) {
      const found = this.#withFile(path, (file) => ({
        body: readFileSync(file),
        stat: fstatSync(file, { bigint: true }),
      }));
      if (found === undefined) return undefined;
      const hash = hashOf(found.body);
      const metadata = this.#metadata.read(key, hash);
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
  #withFile<T>(path: string, use: (file: number) => T): T | undefined {
    if (!this.#directories.exists(dirname(path))) return undefined;
    let file: number;
    try {
      file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    try {
      return fstatSync(file).isFile() ? use(file) : undefined;
    } finally {
      closeSync(file);
    }
  }

  #path(key: string): string {
    assertObjectKey(key);
    return join(this.#root, key);
  }
}

function rename(from: string, to: string): true {
  renameSync(from, to);
  return true;
}

/**
 * 128 bits of SHA-256: as collision-free as an etag needs, at half the cost of MD5 where the CPU has SHA
 * instructions.
 */
function hashOf(body: Uint8Array): string {
  return digest('sha256', body, 'hex').slice(0, 32);
}

function etagOf(hash: string): string {
  return `"${hash}"`;
}

function nonEmpty(metadata: Metadata | undefined): Metadata | undefined {
  return metadata && Object.keys(metadata).length > 0 ? metadata : undefined;
}

function attempt<T>(action: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFailure(error, action, path);
  }
}
