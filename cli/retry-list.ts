import type { Command } from 'commander';
import { OF_A_PAGE } from '../core/lake/log-tables.ts';
import type { Source } from '../core/source/source.ts';
import { keyColumn } from '../core/targets/raw-target.ts';
import type { TargetRecord } from '../core/targets/target.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import { AttemptConditions, queryAttempts } from './attempt-query.ts';
import { examples, newCommand } from './command.ts';
import { sourceOf, withScrapedSources } from './context.ts';
import { type ListOptions, printList, withCsv } from './list.ts';
import { attributeColumns, targetRow } from './target-columns.ts';
import { type TargetFilterOptions, withTargetFilter } from './target-filter.ts';

interface LastAttempt {
  readonly target: string;
  readonly status: string;
  readonly error_code: string;
  readonly error_message: string | null;
  readonly url: string;
  readonly attempted_at: string;
}

export function retryListCommand(): Command {
  return withTargetFilter(withCsv(newCommand('retry-list')))
    .argument('<source>')
    .addHelpText(
      'after',
      `${examples('retry-list racing', 'retry-list racing --csv retry.csv', 'run racing --targets retry.csv')}\n\n` +
        'Targets that are flagged are left out. "targets import" and "run --targets" read the file.',
    )
    .action(async (name: string, options: ListOptions & TargetFilterOptions, command: Command) => {
      await withScrapedSources(command, async (platform, globals) => {
        const source = sourceOf(platform, name);
        const records = await Array.fromAsync(new TargetStore(platform.state).list(source.name));
        const wanted = new AttemptConditions({ sources: [source], target: undefined }, options);
        const from = longestAgo(source, records);
        if (from !== undefined) wanted.since(from);
        const rows = await queryAttempts(
          platform,
          wanted,
          (where) => `
WITH ranked AS (
  SELECT
    target, status, error_code, error_message, url, attempted_at, attempt_id,
    row_number() OVER (PARTITION BY target ORDER BY attempted_at DESC, attempt_id DESC) AS recency
  FROM attempts WHERE ${OF_A_PAGE} AND ${where}
)
SELECT target, status, error_code, error_message, url, attempted_at FROM ranked
WHERE recency = 1 AND status IN ('timeout', 'error') ORDER BY attempted_at DESC, attempt_id DESC`,
        );
        const known = new Map(source.targets.map((target) => [target.id, target]));
        const flagged = new Set(records.filter(({ skip }) => skip).map(({ target }) => target));
        const candidates = (rows as unknown as LastAttempt[]).flatMap(({ target: id, url, ...last }) => {
          const target = known.get(id);
          if (!target || flagged.has(id)) return [];
          const { status, error_code, error_message, attempted_at } = last;
          const why = { last_status: status, error_code, error_message, last_url: url };
          return [{ ...targetRow(source, target), ...why, last_attempt_at: attempted_at }];
        });
        const columns = [
          ...[keyColumn(source), ...attributeColumns(source)].map((column) => ({ name: column })),
          { name: 'last_status', title: 'status' },
          { name: 'error_code', title: 'outcome' },
          { name: 'error_message', title: 'message' },
          { name: 'last_url', title: 'url asked' },
          { name: 'last_attempt_at', title: 'last attempt' },
        ];
        const none = `no target of ${source.name} timed out or failed last that is not flagged`;
        printList({ columns, rows: candidates, none }, { ...globals, ...options });
      });
    });
}

/**
 * When the target that nobody asked for longest was asked last, flagged ones aside: no attempt before it is
 * the last of any. Undefined where that is not on record of each, as after a reset. Milliseconds.
 */
function longestAgo({ targets }: Source, records: readonly TargetRecord[]): number | undefined {
  const recorded = new Map(records.map((record) => [record.target, record]));
  const times = targets
    .map(({ id }) => recorded.get(id))
    .flatMap((record) => (record?.skip ? [] : (record?.lastAttemptAt ?? Number.NEGATIVE_INFINITY)));
  const first = Math.min(...times);
  return Number.isFinite(first) ? first : undefined;
}
