import { existsSync, renameSync, unlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { syncDirectorySync } from './durable-file.ts';
import { EarlierMetadata } from './earlier-metadata.ts';
import { type Metadata, readJson } from './side-file.ts';

/** An object whose metadata is empty has none. */
export function nonEmpty(metadata: Metadata | undefined): Metadata | undefined {
  return metadata && Object.keys(metadata).length > 0 ? metadata : undefined;
}

/** What a side file holds: the metadata, and the hash of the one body that it belongs to. */
interface Side {
  readonly hash: string;
  readonly metadata: Metadata;
}

/**
 * Metadata of objects: a side file `.<name>.meta` beside each object that has any. That of a body which is to
 * replace one with metadata is put beside that before the swap, as `.<name>.next`, and takes its place only
 * after: there is no next one without a current one. So whoever has read a body finds the metadata of exactly
 * that body, whatever happens in between. Names start with a dot: no segment of a key does.
 */
export class ObjectMetadata {
  readonly #root: string;
  readonly #earlier: EarlierMetadata;

  /** `root`: of the store. */
  constructor(root: string) {
    this.#root = root;
    this.#earlier = new EarlierMetadata(root);
  }

  /** What a side file holds of the body with this hash. */
  encode(hash: string, metadata: Metadata): Uint8Array {
    return Buffer.from(JSON.stringify({ hash, metadata } satisfies Side));
  }

  /** True where some body at the path has, or had, metadata. */
  isKnown(path: string): boolean {
    return existsSync(sideFiles(path).current) || this.#earlier.isKnown(this.#key(path));
  }

  /** Undefined where this body has none. */
  read(path: string, hash: string): Metadata | undefined {
    const { current, next } = sideFiles(path);
    const side = sideOf(current);
    // The current one again behind the next, which may have taken its place meanwhile.
    const own = side && (metadataIn(side, hash) ?? readOf(next, hash) ?? readOf(current, hash));
    return own ?? this.#earlier.read(this.#key(path), hash);
  }

  /**
   * Before the swap, under the mutex: what the body with this hash will be found with. `written` holds it and
   * is moved beside the object; undefined where the body is to have none. `hashNow`: of the body that is
   * there; asked only where a writer was killed.
   */
  stage(
    path: string,
    hash: string,
    written: string | undefined,
    { durable, hashNow }: { readonly durable: boolean; readonly hashNow: () => string | undefined },
  ): void {
    const { current, next } = sideFiles(path);
    if (existsSync(next)) {
      // Its writer died before its swap, or after: then that may not be on the disk yet.
      if (sideOf(next)?.hash === hashNow()) {
        syncDirectorySync(dirname(path));
        renameSync(next, current);
      } else unlinkSync(next);
    }
    if (written === undefined) {
      this.unstage(path, hash);
      return;
    }
    renameSync(written, existsSync(current) ? next : current);
    if (durable) syncDirectorySync(dirname(path));
  }

  /** The body with this hash is to be found with none. */
  unstage(path: string, hash: string): void {
    const { current, next } = sideFiles(path);
    for (const file of [next, current]) if (readOf(file, hash)) unlinkSync(file);
    this.#earlier.remove(this.#key(path), hash);
  }

  /**
   * After the swap, under the mutex: removes what belonged to earlier bodies, once `settle` has brought the
   * swap to the disk: after a power cut an earlier body may be there again. `hasOwn`: the new one has some.
   */
  sweep(path: string, hasOwn: boolean, settle: () => void): void {
    const { current, next } = sideFiles(path);
    const key = this.#key(path);
    if (existsSync(next)) {
      settle();
      renameSync(next, current);
    } else if (!hasOwn && existsSync(current)) {
      settle();
      unlinkSync(current);
    }
    if (!this.#earlier.isKnown(key)) return;
    settle();
    this.#earlier.remove(key);
  }

  /** All of an object that is no more, under the mutex. */
  remove(path: string): void {
    const { current, next } = sideFiles(path);
    for (const file of [next, current]) if (existsSync(file)) unlinkSync(file);
    this.#earlier.remove(this.#key(path));
  }

  #key(path: string): string {
    return relative(this.#root, path);
  }
}

/** Of an object: what it says beside its bytes. */
export function sideFiles(path: string): { readonly current: string; readonly next: string } {
  const start = join(dirname(path), `.${basename(path)}`);
  return { current: `${start}.meta`, next: `${start}.next` };
}

function sideOf(file: string): Side | undefined {
  return readJson(file) as Side | undefined;
}

function readOf(file: string, hash: string): Metadata | undefined {
  return metadataIn(sideOf(file), hash);
}

function metadataIn(side: Side | undefined, hash: string): Metadata | undefined {
  return side?.hash === hash ? side.metadata : undefined;
}
