import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { storageFailure } from './storage-failure.ts';

/** Milliseconds; a critical section takes well under one, so this long means a stopped process. */
const BUSY_TIMEOUT_MS = 30_000;

/**
 * Mutual exclusion between processes: the write lock of a SQLite file into which nothing is ever written.
 * The operating system releases it when its holder dies, also by kill -9, so no lock can be left behind.
 * Taking and releasing it costs about 13 µs.
 */
export class ProcessMutex {
  readonly #file: string;
  #open: Lock | undefined;

  /** Opens the file on first use, so that reading alone creates nothing. */
  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Runs the critical section, which must be synchronous: an await inside would let this process in twice.
   */
  run<T>(section: () => T): T {
    let lock: Lock;
    try {
      lock = this.#open ??= openLock(this.#file);
      lock.begin.run();
    } catch (error) {
      throw storageFailure(error, 'take the lock', this.#file);
    }
    try {
      return section();
    } finally {
      lock.end.run();
    }
  }

  /** Forgets the open file; the next `run` opens it again. */
  close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }
}

interface Lock {
  readonly database: DatabaseSync;
  readonly begin: StatementSync;
  readonly end: StatementSync;
}

function openLock(file: string): Lock {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    // Nothing is ever written, so no journal: on disk every lock would create and delete one.
    database.exec('PRAGMA journal_mode = MEMORY');
    return { database, begin: database.prepare('BEGIN IMMEDIATE'), end: database.prepare('ROLLBACK') };
  } catch (error) {
    database.close();
    throw error;
  }
}
