import type { Command } from 'commander';
import type { CivilDate } from '../core/calendar/civil-date.ts';
import type { QueryResult, SqlValue } from '../core/ports/warehouse.ts';
import { type CommandPlatform, openWarehouse } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
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
      await withPlatform(command, async (platform, globals) => {
        const result = await queryLake(platform, sql);
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
      });
    });
}

/** What of the lake a statement is about. */
interface QueriedPart {
  readonly sources?: CommandPlatform['sources'];
  /** Of the append-only tables only runs from this day on. */
  readonly logsFrom?: CivilDate | undefined;
}

/** One statement over the lake as it is now. */
async function queryLake(
  platform: CommandPlatform,
  sql: string,
  parameters: readonly SqlValue[] = [],
  { sources = platform.sources, logsFrom }: QueriedPart = {},
): Promise<QueryResult> {
  const needed = { statement: sql, ...(logsFrom !== undefined && { logsFrom }) };
  const warehouse = await openWarehouse(platform, sources, process.env, needed);
  try {
    return await warehouse.query(sql, parameters);
  } finally {
    await warehouse.close();
  }
}

/**
 * One statement over the append-only tables alone: they answer also where a partition of a source is damaged.
 * `parameters` are bound to its `?`, in order. `logsFrom`: the day from which on it has runs alone.
 */
export function queryLogs(
  platform: CommandPlatform,
  sql: string,
  parameters: readonly SqlValue[],
  logsFrom?: CivilDate,
): Promise<QueryResult> {
  return queryLake(platform, sql, parameters, { sources: [], logsFrom });
}
