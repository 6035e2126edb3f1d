import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { openSqliteDatabase } from './sqlite-database.ts';

/**
 * A SQLite file of what can be found out again at any time, a row for what is asked: years of others cost
 * nothing. No error of it is anybody's: where it cannot be opened, read or written, nothing is remembered.
 */
export class RowMemory {
  readonly #file: string;
  readonly #schema: string;
  readonly #statements = new Map<string, StatementSync>();
  /** Null where it fails: waiting for who holds it takes ten seconds, which is done once. */
  #database: DatabaseSync | null | undefined;
  #mayWrite = true;

  constructor(file: string, schema: string) {
    this.#file = file;
    this.#schema = schema;
  }

  row(sql: string, key: SQLInputValue): Readonly<Record<string, SQLOutputValue>> | undefined {
    try {
      return this.#statement(sql)?.get(key);
    } catch {
      this.close();
      return undefined;
    }
  }

  /** All of it or nothing. */
  write(change: (database: DatabaseSync) => void): void {
    const database = this.#mayWrite ? this.#opened() : null;
    if (!database) return;
    try {
      database.exec('BEGIN IMMEDIATE');
      change(database);
      database.exec('COMMIT');
    } catch {
      // What stands in a directory that cannot be written is still read.
      this.#mayWrite = false;
      if (database.isTransaction) database.exec('ROLLBACK');
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database?.close();
    this.#database = null;
  }

  #statement(sql: string): StatementSync | undefined {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#opened()?.prepare(sql);
    if (statement) this.#statements.set(sql, statement);
    return statement;
  }

  #opened(): DatabaseSync | null {
    if (this.#database !== undefined) return this.#database;
    try {
      this.#database = openSqliteDatabase(this.#file, this.#schema);
    } catch {
      this.#database = null;
    }
    return this.#database;
  }
}
