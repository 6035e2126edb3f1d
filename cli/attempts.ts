import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import { parseCivilDate } from '../core/calendar/civil-date.ts';
import type { SqlValue } from '../core/ports/warehouse.ts';
import { count, examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import { UsageError } from './failure.ts';
import { codeOf, type Filter, scopeOf, withScope } from './filter.ts';
import { type ListOptions, number, printList, withCsv } from './list.ts';
import { queryLogs } from './query.ts';

interface AttemptsOptions extends ListOptions {
  readonly source?: string;
  readonly target?: string;
  readonly since?: string;
  readonly code?: string;
  readonly item?: string;
  readonly limit: number;
}

interface BlocksOptions extends ListOptions {
  readonly source?: string;
  readonly target?: string;
  readonly days: number;
}

const DAY_MS = 86_400_000;

export function attemptsCommand(): Command {
  return withScope(withCsv(newCommand('attempts')))
    .option('--since <time>', 'from this date or time on, YYYY-MM-DD or ISO 8601, in UTC')
    .option('--code <code>', 'only this outcome, as in RATE_LIMITED')
    .option('--item <item>', 'only this item; "index" is the index of a day')
    .option('--limit <n>', 'at most so many', count, 50)
    .addHelpText(
      'after',
      examples(
        'attempts --target gb --code RATE_LIMITED',
        'attempts --since 2025-11-17 --limit 1000 --csv',
        'attempts --item index --json',
      ),
    )
    .action(async (options: AttemptsOptions, command: Command) => {
      await withPlatform(command, async (platform, globals) => {
        const wanted = new Conditions(scopeOf(platform, options));
        const code = codeOf(options.code);
        if (options.since !== undefined)
          wanted.add('attempted_at >= CAST(? AS TIMESTAMP)', timestampOf(sinceOf(options.since)));
        if (code) wanted.add('error_code = ?', code);
        if (options.item !== undefined) wanted.add('item_id = ?', options.item);
        const { rows } = await queryLogs(
          platform,
          `SELECT * FROM attempts WHERE ${wanted.sql} ORDER BY attempted_at DESC, attempt_id DESC LIMIT ?`,
          [...wanted.values, options.limit],
        );
        const columns = [
          { name: 'attempted_at', title: 'at' },
          { name: 'partition' },
          { name: 'item_id', title: 'item' },
          { name: 'attempt_number', title: 'try', ...number },
          { name: 'error_code', title: 'outcome' },
          { name: 'http_status_code', title: 'HTTP', ...number },
          { name: 'timing_ms', title: 'ms', ...number },
          { name: 'rule' },
          { name: 'error_message', title: 'message' },
        ];
        const none = 'no attempts on record that match';
        printList({ columns, rows: rows.map(withPartition), values: rows, none }, { ...globals, ...options });
      });
    });
}

export function blocksCommand(): Command {
  return withScope(withCsv(newCommand('blocks')))
    .option('--days <n>', 'how far back, in days', count, 7)
    .addHelpText('after', examples('blocks', 'blocks --days 30 --target fr --json'))
    .action(async (options: BlocksOptions, command: Command) => {
      await withPlatform(command, async (platform, globals) => {
        const wanted = new Conditions(scopeOf(platform, options));
        const since = new Date(platform.clock.now() - options.days * DAY_MS).toISOString();
        wanted.add('attempted_at >= CAST(? AS TIMESTAMP)', timestampOf(since));
        const { rows } = await queryLogs(
          platform,
          `SELECT * FROM attempts WHERE status = 'blocked' AND ${wanted.sql} ORDER BY attempted_at DESC, attempt_id DESC`,
          wanted.values,
        );
        const columns = [
          { name: 'attempted_at', title: 'at' },
          { name: 'partition' },
          { name: 'item_id', title: 'item' },
          { name: 'block_type', title: 'wall' },
          { name: 'rule' },
          { name: 'http_status_code', title: 'HTTP', ...number },
          { name: 'url' },
        ];
        const none = `no walls in the last ${options.days} days`;
        printList({ columns, rows: rows.map(withPartition), values: rows, none }, { ...globals, ...options });
        if (!globals.json && !options.csv && rows.length > 0) {
          for (const step of advise({ kind: 'ended', as: 'walls' })) console.log(stepText(step));
        }
      });
    });
}

/** Conditions of a WHERE clause with the values that are bound to them. */
class Conditions {
  readonly #sql: string[] = [];
  readonly values: SqlValue[] = [];

  constructor({ sources, target }: Pick<Filter, 'sources' | 'target'>) {
    this.add(`source IN (${sources.map(() => '?').join(', ')})`, ...sources.map(({ name }) => name));
    if (target !== undefined) this.add('target = ?', target);
  }

  add(sql: string, ...values: readonly SqlValue[]): void {
    this.#sql.push(sql);
    this.values.push(...values);
  }

  get sql(): string {
    return this.#sql.join(' AND ');
  }
}

function withPartition(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...row, partition: `${row.source}/${row.target}/${row.partition_date}` };
}

/** As both warehouses read it: Athena takes neither the T nor the Z of ISO 8601. */
function timestampOf(iso: string): string {
  return iso.replace('T', ' ').replace('Z', '');
}

const SINCE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** As ISO 8601 in UTC; a time without a zone is UTC, as every time that this program prints. */
function sinceOf(text: string): string {
  const ms = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  if (SINCE.test(text) && parseCivilDate(text.slice(0, 10)) && !Number.isNaN(ms))
    return new Date(ms).toISOString();
  throw new UsageError(
    `--since ${JSON.stringify(text)} is no time`,
    'write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ',
  );
}
