import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { storageFailure } from './storage-failure.ts';

/** What a transaction did; it leaves nothing behind where it is not to be kept. */
export interface Done<T> {
  readonly result: T;
  readonly isKept: boolean;
}

interface Waiting {
  readonly action: string;
  readonly isFlushed: boolean;
  /** Does the work, and returns what answers with its result. */
  run(): { readonly answer: () => void; readonly isKept: boolean };
  reject(error: unknown): void;
}

/**
 * Transactions of one database that are asked for side by side, with one commit for all of them: to flush it
 * takes longest by far. Each is all or nothing and fails by itself, and none is answered before it is on the
 * disk.
 */
export class SqliteGroupCommit {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #rollbackToSavepoint: StatementSync;
  readonly #release: StatementSync;
  #isFlushing: boolean | undefined;
  #waiting: Waiting[] = [];

  /** `path`: for what an error says. */
  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#savepoint = database.prepare('SAVEPOINT one');
    this.#rollbackToSavepoint = database.prepare('ROLLBACK TO one');
    this.#release = database.prepare('RELEASE one');
  }

  /**
   * Answers when the work is committed; flushed, or else with the next commit that is. Rejects with a
   * StorageError where that failed: then nothing of it is there. `work` waits for nothing, and is run
   * a second time where it was in vain.
   */
  transact<T>(action: string, isFlushed: boolean, work: () => Done<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // After all that can go on by itself: what is asked for side by side is waiting by then.
      if (this.#waiting.length === 0) process.nextTick(() => this.finish());
      const run = () => {
        const { result, isKept } = work();
        return { answer: () => resolve(result), isKept };
      };
      this.#waiting.push({ action, isFlushed, run, reject });
    });
  }

  /** Commits what waits; to be called before the database is closed. */
  finish(): void {
    const waiting = this.#waiting.splice(0);
    if (waiting.length === 0) return;
    let answers: readonly (() => void)[];
    try {
      answers = this.#all(waiting);
    } catch (error) {
      answers = waiting.map(
        ({ action, reject }) =>
          () =>
            reject(storageFailure(error, action, this.#path)),
      );
    }
    for (const answer of answers) answer();
  }

  /** With savepoints only where one of them leaves something behind: they cost a copy of every page. */
  #all(waiting: readonly Waiting[]): (() => void)[] {
    this.#flush(waiting.some(({ isFlushed }) => isFlushed));
    const answers = this.#committed(() => {
      const done: (() => void)[] = [];
      for (const { run } of waiting) {
        const one = attempted(run);
        if (!one?.isKept) return undefined;
        done.push(one.answer);
      }
      return done;
    });
    return answers ?? this.#committed(() => waiting.map((one) => this.#one(one)))!;
  }

  /** Rolls back where there is nothing to tell, or it throws. */
  #committed(work: () => (() => void)[] | undefined): (() => void)[] | undefined {
    this.#begin.run();
    try {
      const answers = work();
      if (answers) this.#commit.run();
      else if (this.#database.isTransaction) this.#rollback.run();
      return answers;
    } catch (error) {
      if (this.#database.isTransaction) this.#rollback.run();
      throw error;
    }
  }

  #one({ action, run, reject }: Waiting): () => void {
    this.#savepoint.run();
    try {
      const { answer, isKept } = run();
      if (!isKept) this.#rollbackToSavepoint.run();
      this.#release.run();
      return answer;
    } catch (error) {
      // Otherwise SQLite has rolled back all of them.
      if (!this.#database.isTransaction) throw error;
      this.#rollbackToSavepoint.run();
      this.#release.run();
      return () => reject(storageFailure(error, action, this.#path));
    }
  }

  #flush(isFlushing: boolean): void {
    if (isFlushing === this.#isFlushing) return;
    this.#database.exec(`PRAGMA synchronous = ${isFlushing ? 'FULL' : 'NORMAL'}`);
    this.#isFlushing = isFlushing;
  }
}

/** Undefined where it throws: it is run again by itself. */
function attempted(run: Waiting['run']): ReturnType<Waiting['run']> | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
