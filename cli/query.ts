import type { Command } from 'commander';
import type { CivilDate } from '../core/calendar/civil-date.ts';
import { NoSuchTableError, type QueryResult, type SqlValue } from '../core/ports/warehouse.ts';
import type { RelationsNeeded } from '../runtime/local-relations.ts';
import { type CommandPlatform, openWarehouse } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { type GlobalOptions, warnOfInvalid, withPlatform } from './context.ts';
import { type ListOptions, printList, withCsv } from './list.ts';
import { cellText } from './print.ts';

/** SQL types whose values a table puts to the right. */
const NUMERIC = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\b.*)$/;

export function queryCommand(): Command {
  return withCsv(newCommand('query'))
    .argument('<sql>', 'a statement; "rescrape views" lists the tables and views')
    .addHelpText(
      'after',
      examples(
        `query "SELECT country, date, count(*) AS runners FROM racing_results GROUP BY ALL ORDER BY ALL"`,
        `query "SELECT error_code, count(*) FROM attempts GROUP BY 1" --json`,
        `query "SELECT * FROM racing_results WHERE date = '2025-11-17'" --csv > runners.csv`,
      ),
    )
    .action(async (sql: string, options: ListOptions, command: Command) => {
      const printAnswer = async (platform: CommandPlatform, globals: GlobalOptions) => {
        const result = await answerTo(sql, platform, command);
        for (const note of result.notes ?? [])
          console.error(`note: ${cellText(note)}; see which dates: rescrape schema diff`);
        const columns = result.columns.map(({ name, type }) => ({
          name,
          alignment: NUMERIC.test(type) ? ('right' as const) : ('left' as const),
        }));
        printList(
          { columns, rows: result.rows, none: 'no rows', areOfUser: true },
          { ...globals, ...options },
        );
      };
      await withPlatform(command, printAnswer, undefined, { statement: sql });
    });
}

/** Where not all sources are loaded, a statement that names the table of another is asked of all. */
async function answerTo(sql: string, platform: CommandPlatform, command: Command): Promise<QueryResult> {
  const ask = (sources: CommandPlatform['sources']) =>
    withWarehouse(platform, { sources, statement: sql }, (query) => query(sql));
  try {
    return await ask(platform.sources);
  } catch (error) {
    if (!platform.everySource || !(error instanceof NoSuchTableError)) throw error;
    const { sources, invalidSources } = await platform.everySource();
    const told = platform.invalidSources?.map(({ name }) => name) ?? [];
    warnOfInvalid(
      invalidSources.filter(({ name }) => !told.includes(name)),
      command,
    );
    return await ask(sources);
  }
}

/** Runs a statement, with values for its `?`, in order. */
type Querying = (sql: string, parameters?: readonly SqlValue[]) => Promise<QueryResult>;

/** What of the lake statements are about. `statement`: one that names all that they read. */
interface QueriedPart extends RelationsNeeded {
  /** @default all of the platform */
  readonly sources?: CommandPlatform['sources'];
}

/** The lake as it is now, for statements one after the other. */
async function withWarehouse<T>(
  platform: CommandPlatform,
  { sources = platform.sources, ...needed }: QueriedPart,
  use: (query: Querying) => Promise<T>,
): Promise<T> {
  const warehouse = await openWarehouse(platform, sources, process.env, needed);
  try {
    return await use((sql, parameters = []) => warehouse.query(sql, parameters));
  } finally {
    await warehouse.close();
  }
}

/**
 * Statements over the append-only tables alone: they answer also where a partition of a source is damaged.
 * `needed`: the tables that they name, and the day from which on these have runs alone.
 */
export function withLogs<T>(
  platform: CommandPlatform,
  needed: RelationsNeeded,
  use: (query: Querying) => Promise<T>,
): Promise<T> {
  return withWarehouse(platform, { ...needed, sources: [] }, use);
}

/** One of them. `parameters` are bound to its `?`, in order. */
export function queryLogs(
  platform: CommandPlatform,
  sql: string,
  parameters: readonly SqlValue[],
  logsFrom?: CivilDate,
): Promise<QueryResult> {
  const needed = { statement: sql, ...(logsFrom !== undefined && { logsFrom }) };
  return withLogs(platform, needed, (query) => query(sql, parameters));
}
