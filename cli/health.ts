import type { Command } from 'commander';
import { crawlHealth } from '../core/targets/health.ts';
import { examples, newCommand } from './command.ts';
import { withScrapedSources } from './context.ts';
import { scopeOf } from './filter.ts';
import { type ListOptions, number, printList, withCsv } from './list.ts';
import { type TargetListOptions, targetsListed, withListFilter } from './target-list.ts';

export function healthCommand(): Command {
  return withListFilter(withCsv(newCommand('health')))
    .argument('[source]', 'only this source')
    .addHelpText('after', examples('health', 'health racing --json', 'health --state CA --tier tier1'))
    .action(async (name: string | undefined, options: ListOptions & TargetListOptions, command: Command) => {
      await withScrapedSources(command, async (platform, globals) => {
        const { sources } = scopeOf(platform, name === undefined ? {} : { source: name });
        const listed = await targetsListed(platform, sources, options);
        const groups = Map.groupBy(listed, ({ source }) => source.name);
        const rows = sources.flatMap((source) => {
          const group = groups.get(source.name) ?? [];
          return group.length === 0
            ? []
            : [{ source: source.name, ...crawlHealth(group, platform.clock.now()) }];
        });
        const columns = [
          { name: 'source' },
          { name: 'targets', ...number },
          { name: 'active_crawlers', title: 'active', ...number },
          { name: 'degraded_crawlers', title: 'degraded', ...number },
          { name: 'paused_crawlers', title: 'paused', ...number },
          { name: 'failed_crawlers', title: 'failed', ...number },
          { name: 'skipped', ...number },
          { name: 'due_now', title: 'due now', ...number },
          { name: 'targets_with_failures', title: 'with failures', ...number },
          { name: 'avg_consecutive_failures', title: 'mean failed in a row', ...number },
          { name: 'successful_last_24h', title: 'succeeded in 24 h', ...number },
        ];
        printList({ columns, rows, none: 'no target matches' }, { ...globals, ...options });
      });
    });
}
