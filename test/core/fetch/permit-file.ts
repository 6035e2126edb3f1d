import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';

/** One state file as several processes see it: every `open` is a connection of its own. */
export class PermitFile {
  readonly path: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'rescrape-hosts-'));
  readonly #open: { close(): void }[] = [];

  constructor() {
    this.path = join(this.#directory, 'state.sqlite');
  }

  open(): StateStore {
    const state = openSqliteStateStore(this.path);
    this.#open.push(state);
    return state;
  }

  close(): void {
    for (const state of this.#open) state.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/**
 * A real store that counts what it is asked, answers late by some turns of the event loop, and fails when
 * told to.
 */
export class WatchedStore implements StateStore {
  reads = 0;
  writes = 0;
  failing = false;
  /** What an answer waits for besides. */
  slow: (() => Promise<void>) | undefined;
  readonly #store: StateStore;
  readonly #turns: readonly number[];
  #asked = 0;

  /** `turns`: how late the first, second, … answer is; over again from the first. */
  constructor(store: StateStore, turns: readonly number[] = [0]) {
    this.#store = store;
    this.#turns = turns;
  }

  async get(partition: string, sort: string) {
    this.reads++;
    await this.#late();
    return this.#store.get(partition, sort);
  }

  getMany: StateStore['getMany'] = (names) => this.#store.getMany(names);

  scan: StateStore['scan'] = () => this.#store.scan();

  query: StateStore['query'] = (partition, options) => this.#store.query(partition, options);

  async write(writes: Parameters<StateStore['write']>[0]) {
    this.writes++;
    await this.#late();
    return this.#store.write(writes);
  }

  transact: StateStore['transact'] = (writes) => this.#store.transact(writes);

  async #late(): Promise<void> {
    const turns = this.#turns[this.#asked++ % this.#turns.length] ?? 0;
    for (let i = 0; i < turns; i++) await Promise.resolve();
    await this.slow?.();
    if (this.failing) throw new StorageError('the disk is full');
  }
}
