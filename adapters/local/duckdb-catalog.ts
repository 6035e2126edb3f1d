import type { DuckDBConnection } from '@duckdb/node-api';
import { WarehouseError } from '../../core/ports/warehouse.ts';
import { setCounts } from './duckdb-counts.ts';
import { listNamed, setFiles } from './duckdb-files.ts';
import { footersOf } from './duckdb-footers.ts';
import { quoteName, quoteText } from './duckdb-quote.ts';
import {
  inReadingOrder,
  type LocalRelation,
  type LocalTable,
  lackingFiles,
  literalPath,
  relationsBehind,
  strayFile,
  tableQuery,
  UNREAD,
} from './duckdb-relation.ts';
import type { RememberedFooters } from './remembered-footers.ts';

/** Comments cost as much as the views, and only the catalogue of the engine has them. */
const SHOWS_COMMENTS = /\bduckdb_|\binformation_schema\b|\bpg_/i;

/** The views of one database: each is made when a statement first names it, for making one opens a file. */
export class DuckDbCatalog {
  readonly #relations: readonly LocalRelation[];
  readonly #remembered: RememberedFooters | undefined;
  readonly #made = new Set<LocalRelation>();
  /** Tables whose view is for statements that read none of their own columns. */
  readonly #counted = new Set<LocalRelation>();
  #mayCount = true;
  readonly #lacking = new Map<LocalTable, ReadonlyMap<string, number>>();
  readonly #commented = new Set<LocalRelation>();

  constructor(relations: readonly LocalRelation[], remembered?: RememberedFooters) {
    this.#relations = relations;
    this.#remembered = remembered;
  }

  /**
   * Makes what the statement may mean: the relations whose names are words of it, all of them where none is.
   */
  async prepare(connection: DuckDBConnection, sql: string): Promise<void> {
    const named = relationsBehind(this.#relations, sql);
    await this.#make(connection, named.length === 0 ? this.#relations : named, sql);
    if (SHOWS_COMMENTS.test(sql)) await this.#comment(connection);
  }

  /**
   * True where a statement failed because it read columns after all of a table that was made for counting:
   * from now on all tables are made to be read, and it is to be asked once more.
   */
  isToBeReadAfterAll(error: unknown): boolean {
    const isUnread = error instanceof Error && error.message.includes(UNREAD);
    if (!isUnread || !this.#mayCount) return false;
    this.#mayCount = false;
    return true;
  }

  /** The tables that the statement reads, directly or through views. */
  tablesBehind(sql: string): readonly LocalTable[] {
    return relationsBehind(this.#relations, sql).filter((relation) => relation.kind === 'table');
  }

  /** A line for each column that the statement may show as NULL although no row of today's may be. */
  notesAbout(sql: string): readonly string[] {
    const isShown = mayShow(sql);
    return this.tablesBehind(sql).flatMap((table) =>
      [...(this.#lacking.get(table) ?? [])]
        .filter(([column]) => isShown(column))
        .map(
          ([column, count]) =>
            `${column} of ${table.name} is NULL in all rows of ${count} of ${table.files.length} files, which were written without it`,
        ),
    );
  }

  async #make(connection: DuckDBConnection, relations: readonly LocalRelation[], sql: string): Promise<void> {
    for (const table of relations.filter((relation) => relation.kind === 'table')) {
      const isForCounting = this.#mayCount && readsRowsOnly(relations, table, sql);
      const isMade = this.#made.has(table);
      if (isMade && (isForCounting || !this.#counted.has(table))) continue;
      if (!isMade) await table.check?.();
      await this.#makeTable(connection, table, isForCounting);
    }
    // A word of a view may be the name of another without meaning it, so names give no order: what fails for
    // want of another view is tried again once that one is there.
    const views = relations.filter((relation) => relation.kind === 'view');
    let waiting = views.filter((view) => !this.#made.has(view));
    while (waiting.length > 0) {
      const failed: { view: (typeof waiting)[number]; error: unknown }[] = [];
      for (const view of waiting) {
        try {
          await createView(connection, view.name, view.sql);
          this.#made.add(view);
        } catch (error) {
          failed.push({ view, error });
        }
      }
      if (failed.length === waiting.length) throw failed[0]?.error;
      waiting = failed.map(({ view }) => view);
    }
  }

  async #makeTable(connection: DuckDBConnection, table: LocalTable, isForCounting: boolean): Promise<void> {
    const stray = strayFile(table);
    if (stray !== undefined) throw new WarehouseError(`${stray} is no file of ${table.name}: move it away`);
    const footers = await footersOf(connection, table, this.#remembered);
    const typesOf = (file: string) => footers.get(file)?.types;
    const lists = new Map<string, readonly string[]>();
    const listOf = (files: readonly string[]) => {
      const name = `${table.name} ${lists.size}`;
      lists.set(name, files.map(literalPath));
      return listNamed(name);
    };
    // What is wrong with a file that has none, only reading it tells.
    const isCounted = isForCounting && table.files.every((file) => footers.has(file));
    const rowsIn = (file: string) => [file, footers.get(file)!.rows] as const;
    const counted = isCounted
      ? await setCounts(connection, table.name, inReadingOrder(table, typesOf).map(rowsIn))
      : undefined;
    const query = tableQuery(table, typesOf, { listOf, counted });
    // The files of a list are alike: to make the view DuckDB needs to see one.
    for (const [name, files] of lists) await setFiles(connection, name, files.slice(0, 1));
    await createView(connection, table.name, query);
    for (const [name, files] of lists) await setFiles(connection, name, files);
    this.#lacking.set(table, lackingFiles(table, typesOf));
    this.#made.add(table);
    this.#commented.delete(table);
    if (isCounted) this.#counted.add(table);
    else this.#counted.delete(table);
  }

  async #comment(connection: DuckDBConnection): Promise<void> {
    const tables = [...this.#made].filter((each) => each.kind === 'table' && !this.#commented.has(each));
    const statements = tables.flatMap(commentsOn);
    if (statements.length > 0) await connection.run(statements.join(';'));
    for (const table of tables) this.#commented.add(table);
  }
}

/** A name that a statement gives to something, `count(*) AS runners`, reads nothing by itself. */
const GIVEN_NAME = /\bas\s+\w+/g;

/** Whether a column is a word of the statement, or one of all that it shows. */
function mayShow(sql: string): (column: string) => boolean {
  const text = sql.toLowerCase();
  // A comment may end with the word: what follows on the next line is then given to nothing.
  const read = text.includes('--') ? text : text.replace(GIVEN_NAME, ' ');
  const words = new Set(read.match(/\w+/g));
  // Neither count(*) nor a product.
  const isEvery = /(\bselect|\bdistinct|[,.])\s*\*/i.test(sql);
  return (column) => isEvery || words.has(column.toLowerCase());
}

/** The same seed is to give the same rows, whichever columns stand beside it. */
const TAKES_SAMPLE = /sample\b/i;

/** True where a statement about tables alone reads no column of this one's own: it counts its rows. */
function readsRowsOnly(relations: readonly LocalRelation[], { columns }: LocalTable, sql: string): boolean {
  if (TAKES_SAMPLE.test(sql)) return false;
  const isShown = mayShow(sql);
  return relations.every(({ kind }) => kind === 'table') && !columns.some(({ name }) => isShown(name));
}

function commentsOn(table: LocalRelation): readonly string[] {
  if (table.kind === 'view') return [];
  return table.columns.flatMap(({ name, comment }) => {
    const column = `${quoteName(table.name)}.${quoteName(name)}`;
    return comment === undefined ? [] : [`COMMENT ON COLUMN ${column} IS ${quoteText(comment)}`];
  });
}

async function createView(connection: DuckDBConnection, name: string, sql: string): Promise<void> {
  await connection.run(`CREATE OR REPLACE VIEW ${quoteName(name)} AS ${sql}`);
}
