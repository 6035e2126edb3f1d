import type { Command } from 'commander';
import { stepText } from '../core/advice/render.ts';
import { parseCivilDate } from '../core/calendar/civil-date.ts';
import { OF_A_PAGE } from '../core/lake/log-tables.ts';
import type { Source } from '../core/source/source.ts';
import { adviseAt } from './advice.ts';
import { AttemptConditions, daysAgo, newestAttempts, queryAttempts } from './attempt-query.ts';
import { count, examples, newCommand } from './command.ts';
import { withScrapedSources } from './context.ts';
import { UsageError } from './failure.ts';
import { codeOf, scopeOf, withScope } from './filter.ts';
import { type ListOptions, number, printList, withCsv } from './list.ts';
import { type TargetFilterOptions, withTargetFilter } from './target-filter.ts';
import { namesIn } from './target-names.ts';

interface AttemptsOptions extends ListOptions, TargetFilterOptions {
  readonly source?: string;
  readonly target?: string;
  readonly since?: string;
  readonly code?: string;
  readonly item?: string;
  readonly run?: string;
  readonly limit: number;
}

interface BlocksOptions extends ListOptions, TargetFilterOptions {
  readonly source?: string;
  readonly target?: string;
  readonly days: number;
}

export function attemptsCommand(): Command {
  return withTargetFilter(withScope(withCsv(newCommand('attempts'))))
    .option('--since <time>', 'from this date or time on, YYYY-MM-DD or ISO 8601, in UTC')
    .option('--code <code>', 'only this outcome, as in RATE_LIMITED')
    .option('--item <item>', 'only this item; "index" is the index of a day')
    .option('--run <id>', 'only of this run, or retry')
    .option('--limit <n>', 'at most so many', count, 50)
    .addHelpText(
      'after',
      examples(
        'attempts --target gb --code RATE_LIMITED',
        'attempts --since 2025-11-17 --limit 1000 --csv',
        'attempts --item index --json',
        'attempts --run 019a8c5e-7d2b-7c41-9f0e-2f6d1c3b5a70',
        'attempts --state CA --tier tier1',
      ),
    )
    .action(async (options: AttemptsOptions, command: Command) => {
      await withScrapedSources(command, async (platform, globals) => {
        const scope = scopeOf(platform, options);
        const { limit, item, run } = options;
        const code = codeOf(options.code);
        const since = options.since === undefined ? undefined : sinceOf(options.since);
        const wanted = () => {
          const conditions = new AttemptConditions(scope, options);
          if (code) conditions.add('error_code = ?', code);
          if (item !== undefined) conditions.add('item_id = ?', item);
          if (run !== undefined) conditions.ofRun(run);
          return since === undefined ? conditions : conditions.since(since);
        };
        const statement = (where: string) =>
          `SELECT * FROM attempts WHERE ${where} ORDER BY attempted_at DESC, attempt_id DESC LIMIT ${limit}`;
        const rows = await (since === undefined && run === undefined
          ? newestAttempts(platform, wanted, limit, statement)
          : queryAttempts(platform, wanted(), statement));
        const values = withNames(rows, scope.sources);
        const shown = values.map(withPartition);
        const columns = [
          { name: 'attempted_at', title: 'at' },
          { name: 'partition' },
          ...targetColumns(values),
          { name: 'item_id', title: 'item' },
          { name: 'attempt_number', title: 'try', ...number },
          { name: 'error_code', title: 'outcome' },
          { name: 'http_status_code', title: 'HTTP', ...number },
          { name: 'timing_ms', title: 'ms', ...number },
          { name: 'rule' },
          { name: 'message' },
        ];
        const none = 'no attempts on record that match';
        printList({ columns, rows: shown, values, none }, { ...globals, ...options });
      });
    });
}

export function blocksCommand(): Command {
  return withTargetFilter(withScope(withCsv(newCommand('blocks'))))
    .option('--days <n>', 'how far back, in days', count, 7)
    .addHelpText('after', examples('blocks', 'blocks --days 30 --target fr --json', 'blocks --state CA'))
    .action(async (options: BlocksOptions, command: Command) => {
      await withScrapedSources(command, async (platform, globals) => {
        const scope = scopeOf(platform, options);
        const wanted = new AttemptConditions(scope, options).since(daysAgo(platform, options.days));
        const rows = await queryAttempts(
          platform,
          wanted,
          (where) =>
            `SELECT * FROM attempts WHERE status = 'blocked' AND ${OF_A_PAGE} AND ${where} ORDER BY attempted_at DESC, attempt_id DESC`,
        );
        const values = withNames(rows, scope.sources);
        const shown = values.map(withPartition);
        const columns = [
          { name: 'attempted_at', title: 'at' },
          { name: 'partition' },
          ...targetColumns(values),
          { name: 'item_id', title: 'item' },
          { name: 'block_type', title: 'wall' },
          { name: 'rule' },
          { name: 'http_status_code', title: 'HTTP', ...number },
          { name: 'url' },
        ];
        const none = `no walls in the last ${options.days} days`;
        printList({ columns, rows: shown, values, none }, { ...globals, ...options });
        if (!globals.json && !options.csv && rows.length > 0) {
          for (const step of adviseAt(globals.place, { kind: 'ended', as: 'walls' }))
            console.log(stepText(step));
        }
      });
    });
}

type Row = Readonly<Record<string, unknown>>;

/** What went wrong, or else what the parser had to say. */
function withPartition(row: Row): Record<string, unknown> {
  const partition = `${row.source}/${row.partition_value ?? row.target}/${row.partition_date}`;
  return { ...row, partition, message: row.error_message ?? row.notes };
}

function withNames(rows: readonly Row[], sources: readonly Source[]): Row[] {
  const named = namesIn(sources);
  return rows.map((row) => ({ ...row, ...named(String(row.source), String(row.target)) }));
}

/** Target: where its partition is called otherwise. Name and state: where any has one. */
function targetColumns(rows: readonly Row[]): { readonly name: string }[] {
  const isThere: Readonly<Record<string, (row: Row) => boolean>> = {
    target: (row) => row.partition_value != null && row.partition_value !== row.target,
    name: ({ name }) => name !== '',
    state: ({ state }) => state !== '',
  };
  return Object.entries(isThere).flatMap(([name, has]) => (rows.some(has) ? [{ name }] : []));
}

const SINCE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** In milliseconds; a time without a zone is UTC, as every time that this program prints. */
function sinceOf(text: string): number {
  const ms = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  if (SINCE.test(text) && parseCivilDate(text.slice(0, 10)) && !Number.isNaN(ms)) return ms;
  throw new UsageError(
    `--since ${JSON.stringify(text)} is no time`,
    'write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ',
  );
}
