import { dirname, resolve } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  DocumentName,
  StateDocument,
  StateQuery,
  StateStore,
  StateWrite,
  TransactResult,
} from '../../core/ports/state-store.ts';
import { encodeTransaction } from '../../core/ports/state-transaction.ts';
import { makeDirectory } from './make-directory.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { SqliteGroupCommit } from './sqlite-group-commit.ts';
import { storageFailure } from './storage-failure.ts';

/** Documents read at once by a query: enough to make the statement's cost vanish, few enough to hold. */
const PAGE = 256;

/**
 * Documents in one SQLite file. A commit is on the disk when `write` resolves (WAL with synchronous=FULL:
 * about 60 µs against 15 µs with NORMAL, which may lose the last commits in a power cut). Throws
 * `StorageError` where the file is damaged, locked or cannot be written.
 */
export function openSqliteStateStore(file: string): StateStore & { close(): void } {
  const path = resolve(file);
  try {
    makeDirectory(dirname(path));
    return new SqliteStateStore(path);
  } catch (error) {
    throw storageFailure(error, 'open', path);
  }
}

/**
 * Pages of a new file hold documents of 2,000 bytes: of a larger one the rest is on a page of its own. A
 * cache of 8 MB and a log of 16 MB at most.
 */
const SCHEMA = `
  PRAGMA page_size = 8192;
  PRAGMA cache_size = -8000;
  PRAGMA wal_autocheckpoint = 2000;
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS documents (
    "partition" TEXT NOT NULL,
    sort TEXT NOT NULL,
    revision INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("partition", sort)
  ) STRICT, WITHOUT ROWID;
`;

const WRITTEN: TransactResult = { kind: 'written' };
const INSERT = 'INSERT INTO documents VALUES (?, ?, 1, ?) ON CONFLICT DO';
const SELECT = 'SELECT sort, revision, value FROM documents WHERE "partition" = ?';

class SqliteStateStore implements StateStore {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #commits: SqliteGroupCommit;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #create: StatementSync;
  readonly #replace: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteRevision: StatementSync;
  readonly #revision: StatementSync;
  /** Statements of queries by their text: to prepare one takes as long as to run it. */
  readonly #queries = new Map<string, StatementSync>();

  constructor(file: string) {
    this.#file = file;
    const database = openSqliteDatabase(file, SCHEMA);
    this.#database = database;
    try {
      this.#commits = new SqliteGroupCommit(database, file);
      this.#get = database.prepare(`${SELECT} AND sort = ?`);
      this.#put = database.prepare(`${INSERT} UPDATE SET revision = revision + 1, value = excluded.value`);
      this.#create = database.prepare(`${INSERT} NOTHING`);
      this.#replace = database.prepare(
        'UPDATE documents SET value = ?, revision = revision + 1 WHERE "partition" = ? AND sort = ? AND revision = ?',
      );
      this.#delete = database.prepare('DELETE FROM documents WHERE "partition" = ? AND sort = ?');
      this.#deleteRevision = database.prepare(
        'DELETE FROM documents WHERE "partition" = ? AND sort = ? AND revision = ?',
      );
      this.#revision = database.prepare('SELECT revision FROM documents WHERE "partition" = ? AND sort = ?');
    } catch (error) {
      database.close();
      throw error;
    }
  }

  async get(partition: string, sort: string): Promise<StateDocument | undefined> {
    return this.#attempt('read', () => {
      const row = this.#get.get(partition, sort);
      return row && documentOf(partition, row);
    });
  }

  async getMany(names: readonly DocumentName[]): Promise<(StateDocument | undefined)[]> {
    return Promise.all(names.map(({ partition, sort }) => this.get(partition, sort)));
  }

  /** Reads page by page, as DynamoDB does: writes made meanwhile may or may not be seen, and block nobody. */
  async *query(partition: string, options: StateQuery = {}): AsyncGenerator<StateDocument> {
    const { lower, upper } = rangeOf(options);
    const [after, order] = options.descending ? ['<', 'DESC'] : ['>', 'ASC'];
    const ordered = `ORDER BY sort ${order} LIMIT ?`;
    // A page begins where the last one ended: with another bound on that side SQLite may begin at that one.
    const further = options.descending ? lower : upper;
    const first = () => this.#query(`${SELECT}${lower.where}${upper.where} ${ordered}`);
    const next = () => this.#query(`${SELECT}${further.where} AND sort ${after} ? ${ordered}`);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    let last: string | undefined;
    while (left > 0) {
      const page = Math.min(left, PAGE);
      const rows = this.#attempt('read', () =>
        last === undefined
          ? first().all(partition, ...lower.bound, ...upper.bound, page)
          : next().all(partition, ...further.bound, last, page),
      );
      for (const row of rows) yield documentOf(partition, row);
      if (rows.length < page) return;
      left -= page;
      last = String(rows.at(-1)?.sort);
    }
  }

  /** Page by page as well: documents that are deleted on the way disturb nothing. */
  async *scan(): AsyncGenerator<DocumentName> {
    const page = this.#database.prepare(
      'SELECT "partition", sort FROM documents WHERE ("partition", sort) > (?, ?) ORDER BY "partition", sort LIMIT ?',
    );
    let last: DocumentName = { partition: '', sort: '' };
    for (;;) {
      const rows = this.#attempt('read', () => page.all(last.partition, last.sort, PAGE));
      for (const row of rows) {
        last = { partition: String(row.partition), sort: String(row.sort) };
        yield last;
      }
      if (rows.length < PAGE) return;
    }
  }

  async write(writes: readonly StateWrite[]): Promise<'written' | 'conflict'> {
    return (await this.transact(writes)).kind;
  }

  async transact(writes: readonly StateWrite[]): Promise<TransactResult> {
    const values = encodeTransaction(writes);
    if (writes.length === 0) return WRITTEN;
    return this.#commits.transact('write', true, () => {
      // Documents are distinct: what one write does decides nothing about the next.
      const at = writes.flatMap((write, index) => (this.#apply(write, values[index]) ? [] : [index]));
      return at.length === 0
        ? { result: WRITTEN, isKept: true }
        : { result: { kind: 'conflict', at }, isKept: false };
    });
  }

  close(): void {
    this.#commits.finish();
    this.#database.close();
  }

  /** False where the expectation does not hold. `value`: JSON text of a put. */
  #apply(write: StateWrite, value = ''): boolean {
    const { partition, sort } = write;
    if (write.kind === 'check') {
      const revision = this.#revision.get(partition, sort)?.revision;
      if (write.expect === 'absent') return revision === undefined;
      return write.expect === 'present' ? revision !== undefined : revision === write.expect;
    }
    if (write.kind === 'delete') {
      if (write.expect !== undefined)
        return this.#deleteRevision.run(partition, sort, write.expect).changes === 1;
      this.#delete.run(partition, sort);
      return true;
    }
    const { expect } = write;
    if (expect === undefined) return this.#put.run(partition, sort, value).changes === 1;
    if (expect === 'absent') return this.#create.run(partition, sort, value).changes === 1;
    return this.#replace.run(value, partition, sort, expect).changes === 1;
  }

  #query(sql: string): StatementSync {
    const known = this.#queries.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#queries.set(sql, statement);
    return statement;
  }

  #attempt<T>(action: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageFailure(error, action, this.#file);
    }
  }
}

type Row = Record<string, unknown>;

function documentOf(partition: string, row: Row): StateDocument {
  return {
    partition,
    sort: String(row.sort),
    revision: Number(row.revision),
    value: JSON.parse(String(row.value)),
  };
}

/** SQLite compares text by its UTF-8 bytes, which is the order that the port asks for. */
function rangeOf({ prefix, from, to }: StateQuery): { lower: Bounds; upper: Bounds } {
  const end = prefix === undefined ? undefined : endOfPrefix(prefix);
  return {
    lower: boundsOf([' AND sort >= ?', prefix], [' AND sort >= ?', from]),
    upper: boundsOf([' AND sort < ?', end], [' AND sort <= ?', to]),
  };
}

interface Bounds {
  readonly where: string;
  readonly bound: readonly string[];
}

function boundsOf(...bounds: readonly (readonly [string, string | undefined])[]): Bounds {
  const used = bounds.filter(([, value]) => value !== undefined);
  return { where: used.map(([sql]) => sql).join(''), bound: used.map(([, value]) => String(value)) };
}

/** The smallest text greater than everything that starts with the prefix; undefined where there is none. */
function endOfPrefix(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    if (point < 0x10ffff) {
      // U+D800 to U+DFFF are no characters of their own.
      return points.join('') + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
    }
  }
  return undefined;
}
