import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResultReader } from '@duckdb/node-api';
import {
  type QueryResult,
  type SqlValue,
  type Warehouse,
  WarehouseError,
} from '../../core/ports/warehouse.ts';
import { DuckDbCatalog } from './duckdb-catalog.ts';
import { findDamagedFile } from './duckdb-damage.ts';
import { damagedFile, isFatal, isNamelessDamage, warehouseFailure } from './duckdb-failure.ts';
import { type LockedDatabase, openLockedDatabase } from './duckdb-instance.ts';
import { StatementType } from './duckdb-library.ts';
import type { LocalRelation } from './duckdb-relation.ts';
import { plainValue } from './duckdb-value.ts';
import { fileBytes } from './file-stamp.ts';
import type { RememberedFooters } from './remembered-footers.ts';

export interface DuckDbWarehouseOptions {
  /** Names must be identifiers of letters, digits and `_` that differ, letter case aside. */
  readonly relations: readonly LocalRelation[];
  /**
   * More threads than cores make it slower.
   * @default 2, and 1 where all files together are small
   */
  readonly threads?: number;
  /**
   * What is known of files from before; closed with the warehouse.
   * @default none: the footers of all files of a table are read before its first statement
   */
  readonly remembered?: RememberedFooters;
}

/**
 * The lake as DuckDB sees it: a database in memory with a view for each relation. A statement can read the
 * files of the relations and nothing else: no other file, no write, no extension, no setting. Mistakes in the
 * SQL and damaged files are a `WarehouseError` of one line. Nothing is opened before the first query, so a
 * mistake in the relations shows there, too.
 */
export function openDuckDbWarehouse(options: DuckDbWarehouseOptions): Warehouse {
  return new DuckDbWarehouse(options);
}

/** For so few bytes a second thread takes more than it gives: a tenth of the CPU of a statement. */
const SMALL_BYTES = 32 * 1024 * 1024;
/** So many of them are asked for their size, evenly spread: files of a table are about alike. */
const FILES_ASKED = 64;

interface Database extends LockedDatabase {
  readonly catalog: DuckDbCatalog;
}

class DuckDbWarehouse implements Warehouse {
  readonly #relations: readonly LocalRelation[];
  readonly #threads: number | undefined;
  readonly #remembered: RememberedFooters | undefined;
  #database: Database | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ relations, threads, remembered }: DuckDbWarehouseOptions) {
    this.#relations = relations;
    this.#threads = threads;
    this.#remembered = remembered;
  }

  /** One statement at a time: two may want the same view, and lists of files belong to a connection. */
  query(sql: string, parameters: readonly SqlValue[] = []): Promise<QueryResult> {
    const next = this.#last.then(() => this.#query(sql, parameters));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #query(sql: string, parameters: readonly SqlValue[]): Promise<QueryResult> {
    this.#database ??= await this.#open();
    const { connection, catalog } = this.#database;
    try {
      return await queryOnce(connection, catalog, sql, parameters);
    } catch (error) {
      if (catalog.isToBeReadAfterAll(error)) return await this.#query(sql, parameters);
      // DuckDB takes no more statements after an internal error; the next query starts on a new database.
      if (isFatal(error)) this.#closeDatabase();
      else if (isNamelessDamage(error)) {
        const file = await findDamagedFile(connection, catalog.tablesBehind(sql));
        if (file !== undefined) throw damagedFile(file, error);
      }
      throw warehouseFailure(error);
    }
  }

  async close(): Promise<void> {
    await this.#last;
    this.#closeDatabase();
    this.#remembered?.close();
  }

  #closeDatabase(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  async #open(): Promise<Database> {
    const files = this.#relations.flatMap((relation) =>
      relation.kind === 'table' ? [...relation.files, ...(relation.jsonFiles ?? [])] : [],
    );
    const database = await openLockedDatabase(files, this.#threads ?? (areSmall(files) ? 1 : 2));
    return { ...database, catalog: new DuckDbCatalog(this.#relations, this.#remembered) };
  }
}

function areSmall(files: readonly string[]): boolean {
  const step = Math.ceil(files.length / FILES_ASKED);
  let bytes = 0;
  // Of a file that is gone or out of reach the statement tells.
  for (let at = 0; at < files.length; at += step) bytes += fileBytes(files[at]!) ?? 0;
  return bytes * step <= SMALL_BYTES;
}

async function queryOnce(
  connection: DuckDBConnection,
  catalog: DuckDbCatalog,
  sql: string,
  parameters: readonly SqlValue[],
): Promise<QueryResult> {
  // DuckDB's binding has no message of its own for this.
  if (sql.trim() === '') throw new WarehouseError('the statement is empty');
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) {
    throw new WarehouseError(
      'one statement at a time (a PIVOT counts as one only when it names its values: `ON column IN (…)`)',
    );
  }
  refuseSettings(sql);
  await catalog.prepare(connection, sql);
  const reader = isPlainSelect(sql, parameters)
    ? await connection.runAndReadAll(sql)
    : await runPrepared(await statements.prepare(0), sql, parameters);
  const result = resultOf(reader);
  const notes = catalog.notesAbout(sql);
  return notes.length === 0 ? result : { ...result, notes };
}

/** They change how the engine goes on; of a log that it may not write the whole process dies. */
const SETS_SOMETHING = /\b((?:enable|disable)_(?:logging|profiling))"?\s*\(/i;

function refuseSettings(sql: string): void {
  const setting = SETS_SOMETHING.exec(sql);
  if (setting) throw new WarehouseError(`the lake can only be read: ${setting[1]} does not work`);
}

/** In DuckDB's grammar nothing else begins so. */
const IS_SELECT = /^\s*(?:select|from)\b/i;

/**
 * To prepare a statement is to plan it, with a look at the path of every file; a plan over Parquet files is
 * made anew when it is run. So what needs no look at its type is run at once.
 */
function isPlainSelect(sql: string, parameters: readonly SqlValue[]): boolean {
  return IS_SELECT.test(sql) && parameters.length === 0 && !/[?$]/.test(sql);
}

/**
 * The lock-down does not keep COPY from writing over a file that may be read, nor EXPLAIN ANALYZE, which may
 * be spelled with an S, from running one.
 */
function refuseWrites(type: DuckDBPreparedStatement['statementType'], sql: string): void {
  if (type === StatementType.SELECT) return;
  const analyze = type === StatementType.EXPLAIN && /\banaly[sz]e\b/i.test(sql);
  if (type === StatementType.EXPLAIN && !analyze) return;
  const refused = analyze ? 'EXPLAIN ANALYZE' : StatementType[type];
  throw new WarehouseError(
    `the lake can only be read: SELECT, DESCRIBE, SUMMARIZE, SHOW and EXPLAIN work, ${refused} does not`,
  );
}

function runPrepared(
  statement: DuckDBPreparedStatement,
  sql: string,
  parameters: readonly SqlValue[],
): Promise<DuckDBResultReader> {
  refuseWrites(statement.statementType, sql);
  if (statement.parameterCount !== parameters.length) {
    throw new WarehouseError(
      `the statement has ${statement.parameterCount} placeholders (?), but ${parameters.length} values were given`,
    );
  }
  statement.bind([...parameters]);
  return statement.runAndReadAll();
}

function resultOf(reader: DuckDBResultReader): QueryResult {
  const names = reader.deduplicatedColumnNames();
  const columns = names.map((name, index) => ({ name, type: reader.columnType(index).toString() }));
  return { columns, rows: reader.convertRowObjects(plainValue) };
}
