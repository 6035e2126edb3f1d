import { randomUUID } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PutOptions, PutResult, StoredObject } from '../../core/ports/object-store.ts';
import { etagOf } from './object-etag.ts';
import { readBytes } from './object-file.ts';
import { nonEmpty } from './object-metadata.ts';
import { headOf, isUntouched, type Known, openWhereThere, writeFrame } from './packed-file.ts';
import { frameLine, HEAD_BYTES, headLine, PACKED, type PackedObject, readFrames } from './packed-frames.ts';

/**
 * Files whose objects are remembered, some 2 KB each: the oldest is read anew where it is needed again. A run
 * has one a partition until it ends.
 */
const REMEMBERED = 1024;

/** How far above an object the directory of its file may be: its own one counts as the first. */
const LEVELS = 3;

/**
 * Small objects of one directory and of those below it, one behind the other in one file: to write, read and
 * delete a file for each takes longer than all else about it, and so does a directory for a few. A frame is
 * never changed: an object that is put again or removed is a further frame, and the file goes with its last
 * object. Whoever writes holds the mutex of the store, so what is no whole frame at the end is of a process
 * that was killed: readers stop there, and the next writer cuts it off, so that nothing comes to lie behind
 * it.
 *
 * An object goes by the path that its own file would have; in the file by what of it follows the directory.
 * It is in one such file at most: that one it stays in.
 */
export class PackedObjects {
  readonly #root: string;
  readonly #known = new Map<string, Known>();

  /** `root`: of the store. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Under the mutex, into the file of `directory`, where the object is in none. `isOwnThere`: whether there
   * is a directory where its own file would be. Undefined where a file stands at the path, which stays one.
   */
  put(
    { path, directory, isOwnThere }: Place,
    { body, hash }: HashedBody,
    { ifNoneMatch }: PutOptions,
  ): PutResult | undefined {
    const own = dirname(path);
    if (!this.#above(own).includes(directory)) throw new RangeError(`${path} is not packed in ${directory}`);
    if (isOwnThere && lstatSync(path, { throwIfNoEntry: false })) return undefined;
    const mayBeElsewhere = isOwnThere && own !== directory;
    const there = mayBeElsewhere || ifNoneMatch !== undefined ? this.#fileOf(path) : undefined;
    if (ifNoneMatch !== undefined && there) return { kind: 'precondition-failed' };
    const target = there ?? directory;
    this.#append(join(target, PACKED), nameIn(target, path), body, hash);
    return { kind: 'stored', etag: etagOf(hash) };
  }

  /** The directory whose file has the object. */
  #fileOf(path: string): string | undefined {
    return this.#above(dirname(path)).find((directory) =>
      this.#open(join(directory, PACKED), constants.O_RDONLY, (_, { objects }) =>
        objects.has(nameIn(directory, path)),
      ),
    );
  }

  /** Directories in whose files objects of this one may be, itself first. */
  #above(directory: string): readonly string[] {
    const directories = [directory];
    for (let at = directory; at !== this.#root && directories.length < LEVELS; directories.push(at))
      at = dirname(at);
    return directories;
  }

  #append(path: string, name: string, body: Uint8Array, hash: string): void {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    const file = openSync(path, flags, 0o666);
    try {
      const known = this.#upToDate(path, file) ?? this.#begun(path, file);
      const line = frameLine({ name, bytes: body.length, hash });
      const at = known.end + line.length;
      writeFrame(file, known, [line, body]);
      known.objects.set(name, { at, bytes: body.length, hash });
    } finally {
      closeSync(file);
    }
  }

  /** Under the mutex: the objects at these paths of one directory. Answers whose files went with them. */
  remove(directory: string, paths: readonly string[]): readonly string[] {
    return this.#above(directory).filter((at) =>
      this.#removeFrom(
        join(at, PACKED),
        paths.map((path) => nameIn(at, path)),
      ),
    );
  }

  /** True where the file went with its last object. */
  #removeFrom(path: string, names: readonly string[]): boolean {
    const isGone = this.#open(path, constants.O_RDWR | constants.O_APPEND, (file, known) => {
      const { objects } = known;
      const there = names.filter((name) => objects.has(name));
      if (there.length === 0 && objects.size > 0) return false;
      if (new Set(there).size === objects.size) {
        unlinkSync(path);
        this.#known.delete(path);
        return true;
      }
      writeFrame(
        file,
        known,
        there.map((name) => frameLine({ name, bytes: null })),
      );
      // Not before: where the disk refuses the frames they are still there, and are to be removed again.
      for (const name of there) objects.delete(name);
      return false;
    });
    if (isGone !== undefined || !existsSync(path)) return isGone ?? false;
    // Its writer was killed before its first line: there is nothing in it.
    unlinkSync(path);
    return true;
  }

  /** True where the directory has a file of packed objects. */
  isIn(directory: string): boolean {
    return existsSync(join(directory, PACKED));
  }

  /** True where a file may hold objects of the directory. */
  mayHold(directory: string): boolean {
    return this.#above(directory).some((at) => this.isIn(at));
  }

  /** What is known of an object without its body; undefined where none is packed at the path. */
  find(path: string): PackedObject | undefined {
    return this.#read(path, (_, object) => object);
  }

  /** Undefined where none is packed at the path. */
  get(path: string): StoredObject | undefined {
    return this.#read(path, (file, { at, bytes, hash }) => ({
      body: readBytes(file, at, bytes),
      etag: etagOf(hash),
      size: bytes,
      lastModified: fstatSync(file).mtimeMs,
      metadata: {},
    }));
  }

  /** `length` bytes of an object from `offset`, fewer at its end. */
  getRange(path: string, offset: number, length: number): Uint8Array | undefined {
    return this.#read(path, (file, { at, bytes }) =>
      readBytes(file, at + offset, Math.min(length, Math.max(0, bytes - offset))),
    );
  }

  /** The names of the objects in the directory's own file. */
  list(directory: string): readonly string[] {
    const path = join(directory, PACKED);
    return this.#open(path, constants.O_RDONLY, (_, { objects }) => [...objects.keys()]) ?? [];
  }

  /** Those of the directory that are in files above it. */
  listFromAbove(directory: string): readonly string[] {
    const [, ...above] = this.#above(directory);
    return above.flatMap((at) => {
      const start = `${nameIn(at, directory)}/`;
      return this.list(at).flatMap((name) => (name.startsWith(start) ? [name.slice(start.length)] : []));
    });
  }

  #read<T>(path: string, use: (file: number, object: PackedObject) => T): T | undefined {
    for (const directory of this.#above(dirname(path))) {
      const found = this.#open(join(directory, PACKED), constants.O_RDONLY, (file, { objects }) => {
        const object = objects.get(nameIn(directory, path));
        return object && use(file, object);
      });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Undefined where there is no such file, or nothing in it. */
  #open<T>(path: string, flags: number, use: (file: number, known: Known) => T): T | undefined {
    const file = openWhereThere(path, flags | constants.O_NOFOLLOW);
    if (file === undefined) {
      this.#known.delete(path);
      return undefined;
    }
    try {
      const known = this.#upToDate(path, file);
      return known && use(file, known);
    } finally {
      closeSync(file);
    }
  }

  /** What is known of the file, with what others have added to it; undefined where it was not begun. */
  #upToDate(path: string, file: number): Known | undefined {
    const stat = fstatSync(file);
    const before = this.#known.get(path);
    if (before && isUntouched(before, stat)) return before;
    const head = headOf(path, file);
    if (head === undefined) return undefined;
    const isSame = before?.head === head;
    const known: Known = isSame ? before : { head, stat, objects: new Map(), end: HEAD_BYTES };
    known.stat = stat;
    const { size } = stat;
    for (const { frame, end } of readFrames(file, known.end, size)) {
      if (frame.object) known.objects.set(frame.name, frame.object);
      else known.objects.delete(frame.name);
      known.end = end;
    }
    return this.#remember(path, known);
  }

  /** Of a file that is new, or whose writer was killed before it had a first line. */
  #begun(path: string, file: number): Known {
    const line = headLine(randomUUID());
    const head = line.toString('latin1');
    const known: Known = { head, stat: fstatSync(file), objects: new Map(), end: 0 };
    writeFrame(file, known, [line]);
    return this.#remember(path, known);
  }

  #remember(path: string, known: Known): Known {
    if (!this.#known.has(path) && this.#known.size >= REMEMBERED) {
      const [oldest] = this.#known.keys();
      this.#known.delete(oldest!);
    }
    this.#known.set(path, known);
    return known;
  }
}

interface Place {
  readonly path: string;
  readonly directory: string;
  readonly isOwnThere: boolean;
}

interface HashedBody {
  readonly body: Uint8Array;
  readonly hash: string;
}

/** What is to survive a power cut, has metadata or depends on an earlier body is a file of its own. */
export function mayPack({ packed, durable, metadata, ifMatch }: PutOptions): boolean {
  return !!packed && !durable && !nonEmpty(metadata) && ifMatch === undefined;
}

/** What of the path follows the directory. */
function nameIn(directory: string, path: string): string {
  return path.slice(directory.length + 1);
}
