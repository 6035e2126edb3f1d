import type { Command } from 'commander';
import { minutesOf } from '../core/source/cadence.ts';
import type { Source } from '../core/source/source.ts';
import {
  leftOutOf,
  SCHEDULE_STATUSES,
  type ScheduleStatus,
  scheduleStatus,
} from '../core/targets/schedule-status.ts';
import { newTarget, TARGET_STATUSES, type TargetRecord } from '../core/targets/target.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { oneOf } from './filter.ts';
import { type TargetFilterOptions, targetMatcher, withTargetFilter } from './target-filter.ts';

export interface TargetListOptions extends TargetFilterOptions {
  readonly status?: string;
  readonly scheduleStatus?: string;
  readonly skipped?: boolean;
  readonly due?: boolean;
}

/** Adds the filters of `targets list` and `targets export`. */
export function withListFilter(command: Command): Command {
  return withTargetFilter(command)
    .option('--status <status>', `only these: ${TARGET_STATUSES.join(', ')}`)
    .option('--schedule-status <status>', 'only these, as in DUE or NEEDS_URL')
    .option('--skipped', 'only targets with a flag')
    .option('--due', 'only targets that a run would crawl now');
}

/** A target of a source as it is at this moment. */
export interface ListedTarget {
  readonly source: Source;
  readonly record: TargetRecord;
  readonly scheduleStatus: ScheduleStatus;
  /** A run would crawl it now. */
  readonly isDue: boolean;
}

/**
 * The targets of these sources that match, in the order of their ids: one pass over the records of a source.
 * A target in the code to which nothing has happened has a record too.
 */
export async function targetsListed(
  platform: Pick<CommandPlatform, 'state' | 'clock'>,
  sources: readonly Source[],
  options: TargetListOptions,
): Promise<ListedTarget[]> {
  const isMeant = targetMatcher(sources, options);
  const status = oneOf('status', TARGET_STATUSES, options.status);
  const schedule = oneOf('schedule status', SCHEDULE_STATUSES, options.scheduleStatus);
  const now = platform.clock.now();
  const found: ListedTarget[] = [];
  for (const source of sources) {
    const records = new Map<string, TargetRecord>();
    for await (const record of new TargetStore(platform.state).list(source.name))
      records.set(record.target, record);
    for (const { id } of source.targets) {
      const record = records.get(id) ?? newTarget(source.name, id);
      if (!isMeant(source.name, id) || !isLike(record, status, options)) continue;
      const listed = listedTarget(source, record, now);
      if ((schedule ?? listed.scheduleStatus) === listed.scheduleStatus && (listed.isDue || !options.due))
        found.push(listed);
    }
  }
  return found;
}

/** `now`: milliseconds. */
export function listedTarget(source: Source, record: TargetRecord, now: number): ListedTarget {
  const every = minutesOf(source.cadence);
  return {
    source,
    record,
    scheduleStatus: scheduleStatus(source, record, now),
    isDue: leftOutOf(source, record, { now, every, all: source.cadence.kind === 'daily' }) === undefined,
  };
}

function isLike(
  record: TargetRecord,
  status: TargetRecord['status'] | undefined,
  { skipped }: TargetListOptions,
): boolean {
  return (status ?? record.status) === record.status && (record.skip !== null || !skipped);
}
