import type { Command } from 'commander';
import { AttemptConditions, daysAgo, queryAttempts } from './attempt-query.ts';
import { count, examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import { scopeOf, withScope } from './filter.ts';
import { type ListOptions, number, printList, withCsv } from './list.ts';
import { type TargetFilterOptions, targetMatcher, withTargetFilter } from './target-filter.ts';

interface ErrorsOptions extends ListOptions, TargetFilterOptions {
  readonly source?: string;
  readonly target?: string;
  readonly days: number;
}

/** What one target met of one kind. */
interface PerTarget {
  readonly source: string;
  readonly target: string;
  readonly error_code: string;
  readonly block_type: string | null;
  readonly occurrences: number;
  readonly last_at: string;
  readonly timing_ms: number;
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
      await withPlatform(command, async (platform, globals) => {
        const scope = scopeOf(platform, options);
        const isMeant = targetMatcher(scope.sources, options);
        const rows = await queryAttempts(
          platform,
          new AttemptConditions(scope).since(daysAgo(platform, options.days)),
          (where) => `
SELECT source, target, error_code, block_type, count(*) AS occurrences, max(attempted_at) AS last_at,
  sum(CAST(timing_ms AS DOUBLE)) AS timing_ms
FROM attempts WHERE ${where} GROUP BY source, target, error_code, block_type`,
        );
        const meant = (rows as unknown as PerTarget[]).filter(({ source, target }) =>
          isMeant(source, target),
        );
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
        printList({ columns, rows: summaryOf(meant), none }, { ...globals, ...options });
      });
    });
}

/** A row for each outcome of each source, the most frequent first, as `v_crawl_error_summary` has it. */
function summaryOf(rows: readonly PerTarget[]): Record<string, unknown>[] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify([row.source, row.error_code, row.block_type]));
  return [...groups.values()]
    .map((group) => {
      const { source, error_code, block_type } = group[0]!;
      const occurrences = group.reduce((sum, row) => sum + row.occurrences, 0);
      const timing = group.reduce((sum, row) => sum + row.timing_ms, 0);
      return {
        ...{ source, error_code, block_type, occurrences, affected_targets: group.length },
        last_at: group.reduce((last, row) => (row.last_at > last ? row.last_at : last), ''),
        mean_timing_ms: Math.round(timing / occurrences),
      };
    })
    .toSorted((a, b) => b.occurrences - a.occurrences || a.error_code.localeCompare(b.error_code));
}
