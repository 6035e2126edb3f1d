import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';

type Callback = (error: Error | null) => void;

/**
 * What a power cut would leave, by what a file system promises: the bytes of a file after an fsync of it, a
 * name after an fsync of its directory. Watches the real calls of this process from now on; to be started
 * before the code that makes them is imported.
 */
export class WatchedDisk {
  /** Paths of files and directories that were flushed, in order. */
  readonly flushed: string[] = [];
  /** Told of each name before it is given to a file or removed. */
  onChange: (path: string) => void = () => {};
  readonly #original: Partial<typeof fs>;
  readonly #names = new Set<string>();
  /** Inodes of files. */
  readonly #bytes = new Set<number>();
  readonly #open = new Map<number, string>();

  constructor() {
    const { openSync, mkdirSync, renameSync, linkSync, unlinkSync, fsyncSync, fsync, fdatasync } = fs;
    this.#original = { openSync, mkdirSync, renameSync, linkSync, unlinkSync, fsyncSync, fsync, fdatasync };
    fs.openSync = (path, flags, mode) => {
      const file = openSync(path, flags, mode);
      this.#open.set(file, String(path));
      if (flags === 'wx') this.#bytes.add(fs.fstatSync(file).ino);
      return file;
    };
    fs.mkdirSync = ((path: string) => {
      mkdirSync(path);
      this.#names.add(path);
    }) as typeof mkdirSync;
    fs.renameSync = (from, to) => this.#name(() => renameSync(from, to), String(to));
    fs.linkSync = (from, to) => this.#name(() => linkSync(from, to), String(to));
    fs.unlinkSync = (path) => {
      this.onChange(String(path));
      unlinkSync(path);
    };
    fs.fsyncSync = (file) => {
      fsyncSync(file);
      this.#flush(file);
    };
    for (const call of ['fsync', 'fdatasync'] as const) {
      const original = fs[call];
      const watched = (file: number, done: Callback) =>
        original(file, (error) => {
          if (!error) this.#flush(file);
          done(error);
        });
      fs[call] = watched as typeof original;
    }
    syncBuiltinESMExports();
  }

  /** True where the file would be found, with its bytes, below `root` after a power cut. */
  isDurable(path: string, root: string): boolean {
    if (this.#bytes.has(fs.statSync(path).ino)) return false;
    for (let at = path; at !== root; at = dirname(at)) if (this.#names.has(at)) return false;
    return true;
  }

  stop(): void {
    Object.assign(fs, this.#original);
    syncBuiltinESMExports();
  }

  #name(give: () => void, path: string): void {
    this.onChange(path);
    give();
    this.#names.add(path);
  }

  #flush(file: number): void {
    const path = this.#open.get(file) ?? '';
    this.flushed.push(path);
    this.#bytes.delete(fs.fstatSync(file).ino);
    for (const name of this.#names) if (dirname(name) === path) this.#names.delete(name);
  }
}
