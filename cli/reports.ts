import type { Command } from 'commander';
import { addDays, type CivilDate } from '../core/calendar/civil-date.ts';
import { civilDateAt } from '../core/calendar/window.ts';
import { OF_A_PAGE } from '../core/lake/log-tables.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { AttemptConditions, daysAgo, queryAttempts } from './attempt-query.ts';
import { count, examples, newCommand } from './command.ts';
import { withScrapedSources } from './context.ts';
import { dateOf, scopeOf } from './filter.ts';
import { type List, type ListOptions, number, printList, timeText, withCsv } from './list.ts';
import { type TargetFilterOptions, targetMatcher, withTargetFilter } from './target-filter.ts';
import { namesIn } from './target-names.ts';

interface ReportOptions extends ListOptions, TargetFilterOptions {
  readonly source?: string;
  readonly date?: string;
  readonly days?: number;
}

export function reportsCommand(): Command {
  const reports = newCommand('reports').addHelpText(
    'after',
    examples('reports daily', 'reports weekly --state CA', 'reports success-rate --csv'),
  );
  reportOf(reports, 'daily', 'the walls that were met today, newest first', dailyReport)
    .option('--date <date>', 'another day than today, YYYY-MM-DD, in the time zone of the source')
    .addHelpText(
      'after',
      examples('reports daily', 'reports daily --date 2025-11-17 --source racing --json'),
    );
  reportOf(reports, 'weekly', 'the targets that were flagged in the last 7 days, by state', weeklyReport)
    .option('--days <n>', 'how far back, in days', count, 7)
    .addHelpText('after', examples('reports weekly', 'reports weekly --days 30 --tier tier1 --csv'));
  reportOf(
    reports,
    'success-rate',
    'how many attempts ended how, and per cent that succeeded; robots.txt is left out',
    successRate,
  )
    .option('--days <n>', 'only the last so many days', count)
    .addHelpText(
      'after',
      examples('reports success-rate', 'reports success-rate --days 7 --state CA --json'),
    );
  return reports;
}

type Report = (platform: CommandPlatform, options: ReportOptions) => Promise<List>;

function reportOf(reports: Command, name: string, description: string, report: Report): Command {
  return withTargetFilter(withCsv(reports.command(name).description(description)))
    .option('--source <source>', 'only this source')
    .action((options: ReportOptions, command: Command) =>
      withScrapedSources(command, async (platform, globals) =>
        printList(await report(platform, options), { ...globals, ...options }),
      ),
    );
}

const NAMED = [{ name: 'source' }, { name: 'target' }, { name: 'name' }, { name: 'state' }];

/** A day begins at midnight in the time zone of its source, so that more is read than one day of UTC. */
async function dailyReport(platform: CommandPlatform, options: ReportOptions): Promise<List> {
  const scope = scopeOf(platform, options);
  const asked = dateOf('--date', options.date);
  const dayOf = new Map<string, CivilDate>(
    scope.sources.map(({ name, timeZone }) => [name, asked ?? civilDateAt(platform.clock.now(), timeZone)]),
  );
  const first = [...dayOf.values()].toSorted()[0] ?? civilDateAt(platform.clock.now(), 'UTC');
  const named = namesIn(scope.sources);
  const zones = new Map(scope.sources.map(({ name, timeZone }) => [name, timeZone]));
  const rows = await queryAttempts(
    platform,
    new AttemptConditions(scope, options).since(Date.parse(addDays(first, -1))),
    (where) => `
SELECT source, target, block_type, url, attempted_at FROM attempts
WHERE status = 'blocked' AND ${OF_A_PAGE} AND ${where} ORDER BY attempted_at DESC, attempt_id DESC`,
  );
  const isOfDay = (source: string, at: string) =>
    civilDateAt(Date.parse(at), zones.get(source) ?? 'UTC') === dayOf.get(source);
  const walls = rows as unknown as { source: string; target: string; attempted_at: string }[];
  return {
    columns: [
      ...NAMED,
      { name: 'block_type', title: 'wall' },
      { name: 'url' },
      { name: 'attempted_at', title: 'at' },
    ],
    rows: walls
      .filter(({ source, attempted_at: at }) => isOfDay(source, at))
      .map((row) => ({ ...row, ...named(row.source, row.target) })),
    none: `no walls ${asked === undefined ? 'today' : `on ${asked}`}`,
  };
}

async function weeklyReport(platform: CommandPlatform, options: ReportOptions): Promise<List> {
  const { days = 7 } = options;
  const { sources } = scopeOf(platform, options);
  const isMeant = targetMatcher(sources, options);
  const named = namesIn(sources);
  const since = daysAgo(platform, days);
  const store = new TargetStore(platform.state);
  const rows = [];
  for (const source of sources)
    for await (const { target, skip, lastAttemptAt } of store.list(source.name))
      if (skip && skip.since >= since && isMeant(source.name, target))
        rows.push({
          ...{ source: source.name, target, ...named(source.name, target) },
          ...{ reason: skip.reason, flagged_by: skip.actor, flagged_at: timeText(skip.since) },
          last_attempt_at: timeText(lastAttemptAt) || null,
        });
  return {
    columns: [
      ...NAMED,
      { name: 'reason' },
      { name: 'flagged_by', title: 'by' },
      { name: 'flagged_at', title: 'flagged' },
      { name: 'last_attempt_at', title: 'last attempt' },
    ],
    rows: rows.toSorted(
      (a, b) =>
        a.state.localeCompare(b.state) || a.name.localeCompare(b.name) || a.target.localeCompare(b.target),
    ),
    none: `no target was flagged in the last ${days} days`,
  };
}

const STATUSES = ['success', 'blocked', 'not_found', 'timeout', 'error', 'queue_full'] as const;
type Status = (typeof STATUSES)[number];

async function successRate(platform: CommandPlatform, options: ReportOptions): Promise<List> {
  const scope = scopeOf(platform, options);
  const wanted = new AttemptConditions(scope, options).add(OF_A_PAGE);
  if (options.days !== undefined) wanted.since(daysAgo(platform, options.days));
  const found = await queryAttempts(
    platform,
    wanted,
    (where) =>
      `SELECT source, status, count(*) AS attempts FROM attempts WHERE ${where} GROUP BY source, status`,
  );
  const counts = found as unknown as { source: string; status: Status; attempts: number }[];
  const rows = [...Map.groupBy(counts, ({ source }) => source)].map(([source, group]) => {
    const ofStatus = (status: Status) =>
      group.reduce((sum, row) => sum + (row.status === status ? row.attempts : 0), 0);
    const total = group.reduce((sum, { attempts }) => sum + attempts, 0);
    return {
      source,
      ...Object.fromEntries(STATUSES.map((status) => [status, ofStatus(status)])),
      total,
      success_rate_pct: Math.round((ofStatus('success') / total) * 10_000) / 100,
    };
  });
  return {
    columns: [
      { name: 'source' },
      ...STATUSES.map((name) => ({ name, ...number })),
      { name: 'total', ...number },
      { name: 'success_rate_pct', title: '% success', ...number },
    ],
    rows: rows.toSorted((a, b) => a.source.localeCompare(b.source)),
    none: 'nothing was tried',
  };
}
