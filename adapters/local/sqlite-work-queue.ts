import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { uuidv7 } from 'uuidv7';
import type { Clock } from '../../core/ports/clock.ts';
import { assertReceivable, messageBytes } from '../../core/ports/queue-message.ts';
import type {
  DeadLetter,
  OutgoingMessage,
  QueueDepth,
  ReceivedMessage,
  WorkQueue,
} from '../../core/ports/work-queue.ts';
import { makeDirectory } from './make-directory.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { SqliteGroupCommit } from './sqlite-group-commit.ts';
import { Statements } from './sqlite-statements.ts';
import { storageFailure } from './storage-failure.ts';

/** Dead letters read at once by a listing. */
const PAGE = 256;

/**
 * `due_at` is when a message may be received, or received again; `receipt` is that of the delivery under way,
 * null while nobody has it. Times in milliseconds. `messages_delivered` finds the few whose deliveries are
 * used up among 100,000 that were never delivered.
 */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    receipt TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS messages_due ON messages (due_at, number);
  CREATE INDEX IF NOT EXISTS messages_delivered ON messages (deliveries) WHERE deliveries > 0;
  CREATE TABLE IF NOT EXISTS dead_letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    reason TEXT
  ) STRICT;
`;

export interface LocalWorkQueue extends WorkQueue {
  /** When the next message that nobody has and that is not due yet may be received; milliseconds, or null. */
  nextDueAt(): Promise<number | null>;
  close(): void;
}

export interface SqliteWorkQueueOptions {
  /** Made when the first message is sent, so that looking at a lake creates nothing. */
  readonly file: string;
  readonly clock: Clock;
  /** A message that was delivered so often and is due again is a dead letter: SQS's maxReceiveCount. */
  readonly maxDeliveries: number;
}

/**
 * A queue in one SQLite file, shared by any number of processes. What was sent, released or moved is on the
 * disk when the method resolves; that a message was handed over or acknowledged may be forgotten where the
 * power fails, and then it comes once more. Acknowledging, releasing or moving with the receipt of an earlier
 * delivery changes nothing: the message is somebody else's by then. Throws `StorageError` where the file is
 * damaged, locked or cannot be written.
 */
export function openSqliteWorkQueue(options: SqliteWorkQueueOptions): LocalWorkQueue {
  return new SqliteWorkQueue(options);
}

/**
 * SQS hides a message for twelve hours at most; this is an hour more. What is due later still was sent by a
 * clock that ran ahead: it is due now.
 */
const LONGEST_DELAY_MS = 13 * 3_600_000;
const DUE = '(due_at <= ? OR due_at > ?)';
const dueAt = (now: number): number[] => [now, now + LONGEST_DELAY_MS];

interface OpenQueue {
  readonly database: DatabaseSync;
  readonly statements: Statements;
  readonly commits: SqliteGroupCommit;
}

class SqliteWorkQueue implements LocalWorkQueue {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #maxDeliveries: number;
  #open: OpenQueue | undefined;

  constructor({ file, clock, maxDeliveries }: SqliteWorkQueueOptions) {
    this.#path = resolve(file);
    this.#clock = clock;
    this.#maxDeliveries = maxDeliveries;
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    messages.forEach(messageBytes);
    if (messages.length === 0) return;
    await this.#transact('write', true, (database) => {
      for (const { body, delayMs } of messages) this.#insert(database, body, delayMs);
    });
  }

  async receive({ max, visibilityMs }: { max: number; visibilityMs: number }): Promise<ReceivedMessage[]> {
    assertReceivable(max);
    return this.#read<ReceivedMessage[]>([], (database) => {
      const now = this.#clock.now();
      const rows = database
        .prepare(
          `SELECT number, id, body, deliveries FROM messages WHERE ${DUE} ORDER BY due_at, number LIMIT ?`,
        )
        .all(...dueAt(now), max);
      const hide = database.prepare(
        'UPDATE messages SET deliveries = deliveries + 1, due_at = ?, receipt = ? WHERE number = ?',
      );
      return rows.map((row): ReceivedMessage => {
        const receipt = randomUUID();
        hide.run(now + visibilityMs, receipt, Number(row.number));
        return {
          id: String(row.id),
          body: String(row.body),
          deliveries: Number(row.deliveries) + 1,
          receipt,
        };
      });
    });
  }

  async acknowledge(messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#transact('write', false, (database) => {
      const remove = database.prepare('DELETE FROM messages WHERE id = ? AND receipt = ?');
      for (const { id, receipt } of messages) remove.run(id, receipt);
    });
  }

  async release({ id, receipt }: ReceivedMessage, delayMs: number): Promise<void> {
    await this.#transact('write', true, (database) => {
      database
        .prepare('UPDATE messages SET due_at = ?, receipt = NULL WHERE id = ? AND receipt = ?')
        .run(this.#dueIn(delayMs), id, receipt);
    });
  }

  async deadLetter({ id, body, receipt }: ReceivedMessage, reason: string): Promise<boolean> {
    return this.#transact('write', true, (database) => {
      const removed = database
        .prepare('DELETE FROM messages WHERE id = ? AND receipt = ?')
        .run(id, receipt).changes;
      if (removed !== 1) return false;
      this.#insertDead(database, body, reason);
      return true;
    });
  }

  async sendDeadLetter(body: string, reason: string): Promise<void> {
    await this.#transact('write', true, (database) => this.#insertDead(database, body, reason));
  }

  async depth(): Promise<QueueDepth> {
    return this.#read<QueueDepth>({ due: 0, delayed: 0, inFlight: 0, dead: 0 }, (database) => {
      const now = this.#clock.now();
      const count = (table: string, where: string, bound = dueAt(now)) =>
        Number(database.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).get(...bound)?.n);
      return {
        due: count('messages', DUE),
        delayed: count('messages', `NOT ${DUE} AND receipt IS NULL`),
        inFlight: count('messages', `NOT ${DUE} AND receipt IS NOT NULL`),
        dead: count('dead_letters', 'true', []),
      };
    });
  }

  async nextDueAt(): Promise<number | null> {
    return this.#read<number | null>(null, (database) => {
      const next = database.prepare(
        `SELECT min(due_at) AS next FROM messages WHERE NOT ${DUE} AND receipt IS NULL`,
      );
      const at = next.get(...dueAt(this.#clock.now()))?.next;
      return at == null ? null : Number(at);
    });
  }

  /** Page by page: dead letters that are purged on the way disturb nothing. */
  async *deadLetters(): AsyncGenerator<DeadLetter> {
    let last = 0;
    for (;;) {
      const rows = await this.#read<Record<string, SQLOutputValue>[]>([], (database) =>
        database
          .prepare(
            'SELECT number, id, body, reason FROM dead_letters WHERE number > ? ORDER BY number LIMIT ?',
          )
          .all(last, PAGE),
      );
      for (const { number, id, body, reason } of rows) {
        last = Number(number);
        yield {
          id: String(id),
          body: String(body),
          ...(reason !== null && { reason: String(reason) }),
          receipt: String(number),
        };
      }
      if (rows.length < PAGE) return;
    }
  }

  async purge(deadLetters: readonly DeadLetter[]): Promise<void> {
    if (deadLetters.length === 0) return;
    await this.#transact('write', true, (database) => {
      const remove = database.prepare('DELETE FROM dead_letters WHERE id = ?');
      for (const { id } of deadLetters) remove.run(id);
    });
  }

  async clear(): Promise<void> {
    if (!this.#isThere()) return;
    await this.#transact('write', true, (database) => {
      database.prepare('DELETE FROM messages').run();
      database.prepare('DELETE FROM dead_letters').run();
    });
  }

  close(): void {
    this.#open?.commits.finish();
    this.#open?.database.close();
    this.#open = undefined;
  }

  #insert(database: Statements, body: string, delayMs: number): void {
    database
      .prepare('INSERT INTO messages (id, body, due_at) VALUES (?, ?, ?)')
      .run(uuidv7(), body, this.#dueIn(delayMs));
  }

  #insertDead(database: Statements, body: string, reason: string): void {
    database
      .prepare('INSERT INTO dead_letters (id, body, reason) VALUES (?, ?, ?)')
      .run(randomUUID(), body, reason);
  }

  #dueIn(delayMs: number): number {
    return this.#clock.now() + Math.min(LONGEST_DELAY_MS, Math.max(0, Math.ceil(delayMs)));
  }

  /** What SQS does by itself when such a message becomes visible. */
  #moveExhausted(database: Statements): void {
    const messages = 'messages INDEXED BY messages_delivered';
    // As text: for a parameter there SQLite would plan the statement anew each time.
    const spent = `deliveries > 0 AND deliveries >= ${this.#maxDeliveries} AND ${DUE}`;
    const bound = dueAt(this.#clock.now());
    database
      .prepare(
        `INSERT INTO dead_letters (id, body) SELECT id, body FROM ${messages} WHERE ${spent} ORDER BY number`,
      )
      .run(...bound);
    database.prepare(`DELETE FROM ${messages} WHERE ${spent}`).run(...bound);
  }

  /**
   * Also a write transaction: what is due and what is dead changes with the hour. `nothing`: the answer of a
   * file not there.
   */
  async #read<T>(nothing: T, work: (database: Statements) => T): Promise<T> {
    if (!this.#isThere()) return nothing;
    return this.#transact('read', false, (database) => {
      this.#moveExhausted(database);
      return work(database);
    });
  }

  #isThere(): boolean {
    return this.#open !== undefined || existsSync(this.#path);
  }

  #transact<T>(action: string, isFlushed: boolean, work: (database: Statements) => T): Promise<T> {
    const { statements, commits } = this.#database(action);
    return commits.transact(action, isFlushed, () => ({ result: work(statements), isKept: true }));
  }

  #database(action: string): OpenQueue {
    if (this.#open) return this.#open;
    try {
      makeDirectory(dirname(this.#path));
      const database = openSqliteDatabase(this.#path, SCHEMA);
      const statements = new Statements(database);
      this.#open = { database, statements, commits: new SqliteGroupCommit(database, this.#path) };
      return this.#open;
    } catch (error) {
      throw storageFailure(error, action, this.#path);
    }
  }
}
