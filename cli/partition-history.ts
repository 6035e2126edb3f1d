import type { Command } from 'commander';
import { partitionName } from '../core/lake/layout.ts';
import type { CommitRow } from '../core/lake/log-tables.ts';
import { readCommits } from '../core/lake/partition-log.ts';
import { PartitionVersions } from '../core/lake/partition-versions.ts';
import type { VersionDescriptor } from '../core/lake/version.ts';
import { PartitionStore } from '../core/state/partition-store.ts';
import { withPlatform } from './context.ts';
import { partitionOf } from './filter.ts';
import { type ListOptions, number, printList } from './list.ts';

/** Every version of a partition with what became of it, newest first. */
export async function printHistory(text: string, options: ListOptions, command: Command): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const { source, partition } = partitionOf(platform, text);
    const store = new PartitionVersions(platform.lake, source.table, partition);
    const { current } = await store.currentOrBroken();
    const lastRefresh = await new PartitionStore(platform.state).get(source.table.name, partition);
    const commits = await readCommits(platform.lake, source, partition);
    const rows = (await store.versions()).reverse().map((version) => {
      const made = commits.find(
        (commit) => commit.version === version.version && MADE_CURRENT.has(commit.status),
      );
      const isCurrent = version.version === current?.version;
      const isHeld = version.version === lastRefresh?.held;
      return {
        version: version.version,
        state: isCurrent ? 'current' : isHeld ? 'held' : made ? 'earlier' : unpublished(version),
        rows: version.rows,
        items: version.items.length,
        created_at: version.createdAt,
        run_id: version.runId,
        made_current_at: made?.recorded_at ?? null,
        made_current_by: made?.actor ?? null,
        reason: version.reason,
      };
    });
    const columns = [
      { name: 'version' },
      { name: 'state' },
      { name: 'rows', ...number },
      { name: 'items', ...number },
      { name: 'created_at', title: 'written' },
      { name: 'run_id', title: 'run' },
      { name: 'made_current_at', title: 'last made current' },
      { name: 'made_current_by', title: 'by' },
      { name: 'reason' },
    ];
    const none = `${partitionName(source.name, partition)} has no versions`;
    printList({ columns, rows, none }, { ...globals, ...options });
  });
}

const MADE_CURRENT: ReadonlySet<CommitRow['status']> = new Set(['committed', 'accepted', 'rolled_back']);

/**
 * A version that was never current: a held one that was turned down or overtaken, or a write that lost its
 * commit.
 */
function unpublished({ decision }: VersionDescriptor): string {
  return decision === 'hold' ? 'held back, not accepted' : 'never current';
}
