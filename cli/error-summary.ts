import type { Command } from 'commander';
import { OF_A_PAGE } from '../core/lake/log-tables.ts';
import { AttemptConditions, daysAgo, queryAttempts } from './attempt-query.ts';
import { count, examples, newCommand } from './command.ts';
import { withScrapedSources } from './context.ts';
import { scopeOf, withScope } from './filter.ts';
import { type ListOptions, number, printList, withCsv } from './list.ts';
import { type TargetFilterOptions, withTargetFilter } from './target-filter.ts';

interface ErrorsOptions extends ListOptions, TargetFilterOptions {
  readonly source?: string;
  readonly target?: string;
  readonly days: number;
}

interface ErrorRow {
  readonly source: string;
  readonly error_code: string;
  readonly block_type: string | null;
  readonly occurrences: number;
  readonly affected_targets: number;
  readonly last_at: string;
  readonly mean_timing_ms: number;
}

export function errorsCommand(): Command {
  return withTargetFilter(withScope(withCsv(newCommand('errors'))))
    .option('--days <n>', 'how far back, in days', count, 7)
    .addHelpText(
      'after',
      examples(
        'errors',
        'errors --days 30 --source racing --target gb',
        'errors --state CA --tier tier1 --csv',
      ),
    )
    .action(async (options: ErrorsOptions, command: Command) => {
      await withScrapedSources(command, async (platform, globals) => {
        const wanted = new AttemptConditions(scopeOf(platform, options), options);
        const found = await queryAttempts(
          platform,
          wanted.since(daysAgo(platform, options.days)),
          // As `v_crawl_error_summary` has it.
          (where) => `
SELECT source, error_code, block_type, count(*) AS occurrences, count(DISTINCT target) AS affected_targets,
  max(attempted_at) AS last_at, avg(CAST(timing_ms AS DOUBLE)) AS mean_timing_ms
FROM attempts WHERE ${OF_A_PAGE} AND ${where} GROUP BY source, error_code, block_type
ORDER BY occurrences DESC, error_code, source, block_type`,
        );
        const rows = (found as unknown as ErrorRow[]).map((row) => ({
          ...row,
          mean_timing_ms: Math.round(row.mean_timing_ms),
        }));
        const columns = [
          { name: 'source' },
          { name: 'error_code', title: 'outcome' },
          { name: 'block_type', title: 'wall' },
          { name: 'occurrences', ...number },
          { name: 'affected_targets', title: 'targets', ...number },
          { name: 'last_at', title: 'last' },
          { name: 'mean_timing_ms', title: 'mean ms', ...number },
        ];
        const none = `nothing was tried in the last ${options.days} days`;
        printList({ columns, rows, none }, { ...globals, ...options });
      });
    });
}
