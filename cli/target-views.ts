import type { Command } from 'commander';
import { stepsText } from '../core/advice/render.ts';
import type { Source } from '../core/source/source.ts';
import { keyColumn } from '../core/targets/raw-target.ts';
import { canLookUp } from '../core/targets/schedule-status.ts';
import { nameOf, successRate } from '../core/targets/target.ts';
import { adviseAt } from './advice.ts';
import { sourceOf, withScrapedSources } from './context.ts';
import { UsageError } from './failure.ts';
import { scopeOf } from './filter.ts';
import { type ListOptions, number, printList, timeText } from './list.ts';
import { attributeColumns, targetRow } from './target-columns.ts';
import { type ListedTarget, type TargetListOptions, targetsListed } from './target-list.ts';
import { namedRecord } from './target-names.ts';

interface ListTargetsOptions extends ListOptions, TargetListOptions {
  readonly sort: string;
  readonly limit?: number;
  readonly offset: number;
}

/** Rows of a table that nobody asked to be longer. */
const USUAL_LIMIT = 50;

export async function listTargets(
  name: string | undefined,
  options: ListTargetsOptions,
  command: Command,
): Promise<void> {
  await withScrapedSources(command, async (platform, globals) => {
    const { sources } = scopeOf(platform, name === undefined ? {} : { source: name });
    const listed = await targetsListed(platform, sources, options);
    const sorted = sortedBy(
      options.sort,
      listed.map((one) => ({ one, row: rowOf(one) })),
    );
    const isTable = !globals.json && !options.csv;
    const { offset, limit = isTable ? USUAL_LIMIT : sorted.length } = options;
    const page = sorted.slice(offset, offset + limit);
    const none = listed.length === 0 ? noTargets(sources) : `there are ${listed.length} targets in all`;
    printList(
      {
        columns: COLUMNS,
        rows: page.map(({ row }) => row),
        values: page.map(({ one }) => targetRecord(one)),
        none,
      },
      { ...globals, ...options },
    );
    const lacking = new Set(
      listed.filter((one) => canLookUp(one.source, one.scheduleStatus)).map(({ source }) => source.name),
    );
    for (const source of isTable && page.length > 0 ? lacking : [])
      console.log(stepsText(adviseAt(globals.place, { kind: 'lacking', source })));
    const rest = sorted.length - offset - page.length;
    if (isTable && page.length > 0 && rest > 0)
      console.log(`${page.length} of ${sorted.length} targets; the next: --offset ${offset + page.length}`);
  });
}

function noTargets(sources: readonly Source[]): string {
  const empty = sources.find(({ register, targets }) => register && targets.length === 0);
  const hint = empty ? `; "rescrape targets import ${empty.name} FILE.csv" registers some` : '';
  return `no target matches${hint}`;
}

/** Columns of the list; `--sort` takes their names. */
const COLUMNS = [
  ...['source', 'target', 'name', 'state', 'tier', 'status', 'schedule_status'].map((name) => ({ name })),
  { name: 'next_crawl_at', title: 'next crawl' },
  { name: 'last_crawl_at', title: 'last crawl' },
  { name: 'last_success_at', title: 'last success' },
  { name: 'last_error_code', title: 'last error' },
  { name: 'consecutive_failures', title: 'failed in a row', ...number },
  { name: 'backoff_multiplier', title: 'backoff', ...number },
  { name: 'record_count', title: 'records', ...number },
  { name: 'success_rate', title: '% success', ...number },
];

type Row = Readonly<Record<string, unknown>>;

function rowOf({ source, record, scheduleStatus }: ListedTarget): Row {
  const { attributes } = record;
  return {
    source: source.name,
    target: record.target,
    name: nameOf(record),
    state: attributes?.state ?? null,
    tier: attributes?.tier ?? null,
    status: record.status,
    schedule_status: scheduleStatus,
    next_crawl_at: timeText(record.nextCrawlAt) || null,
    last_crawl_at: timeText(record.lastCrawlAt) || null,
    last_success_at: timeText(record.lastSuccessAt) || null,
    last_error_code: record.lastErrorCode,
    consecutive_failures: record.consecutiveFailures,
    backoff_multiplier: record.backoffMultiplier,
    record_count: record.recordCount,
    success_rate: successRate(record),
  };
}

/** A target for `--json`. */
export function targetRecord({ record, scheduleStatus, isDue }: ListedTarget): Row {
  return { ...namedRecord(record), scheduleStatus, isDue };
}

function sortedBy<T extends { readonly row: Row }>(sort: string, listed: readonly T[]): readonly T[] {
  const isDescending = sort.startsWith('-');
  const column = sort.replace(/^-/, '');
  if (!COLUMNS.some(({ name }) => name === column))
    throw new UsageError(
      `there is no column ${JSON.stringify(column)}`,
      `--sort takes: ${COLUMNS.map(({ name }) => name).join(', ')}`,
    );
  if (column === 'target' && !isDescending) return listed;
  const direction = isDescending ? -1 : 1;
  // What is not there comes last, whichever way round.
  return listed.toSorted(({ row: a }, { row: b }) => {
    const [left, right] = [a[column], b[column]];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === 'number' && typeof right === 'number') return direction * (left - right);
    return direction * (String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0);
  });
}

/** Every target of a source as a flat row; `targets import` reads the columns up to the attributes. */
export async function exportTargets(
  name: string,
  options: ListOptions & TargetListOptions,
  command: Command,
): Promise<void> {
  await withScrapedSources(command, async (platform, globals) => {
    const source = sourceOf(platform, name);
    const listed = await targetsListed(platform, [source], options);
    const key = keyColumn(source);
    const own = [key, ...attributeColumns(source)];
    const more = ['name', ...RECORD_COLUMNS].filter((column) => !own.includes(column));
    const rows = listed.map((one) => ({ ...recordColumns(one), ...targetRow(source, targetOf(one)) }));
    const usual = options.csv || globals.json ? {} : { csv: true as const };
    const columns = [...own, ...more].map((column) => ({ name: column }));
    printList({ columns, rows, none: noTargets([source]) }, { ...globals, ...options, ...usual });
  });
}

function targetOf({ record }: ListedTarget) {
  return { id: record.target, ...(record.attributes && { attributes: record.attributes }) };
}

const RECORD_COLUMNS = [
  ...['status', 'schedule_status', 'skip_reason', 'skipped_at', 'skip_expires_at'],
  ...['crawl_frequency_minutes', 'max_retries', 'backoff_multiplier'],
  ...['next_crawl_at', 'last_crawl_at', 'last_success_at', 'last_failure_at', 'last_error_code'],
  ...['consecutive_failures', 'total_attempts', 'total_successes', 'success_rate', 'record_count'],
  ...['current_proxy_id', 'current_user_agent', 'failed_at', 'failure_notes'],
];

function recordColumns(one: ListedTarget): Row {
  const { record } = one;
  return {
    ...rowOf(one),
    skip_reason: record.skip?.reason ?? null,
    skipped_at: timeText(record.skip?.since) || null,
    skip_expires_at: timeText(record.skip?.expiresAt) || null,
    crawl_frequency_minutes: record.crawlFrequencyMinutes,
    max_retries: record.maxRetries,
    last_failure_at: timeText(record.lastFailureAt) || null,
    total_attempts: record.totalAttempts,
    total_successes: record.totalSuccesses,
    current_proxy_id: record.currentProxyId,
    current_user_agent: record.currentUserAgent,
    failed_at: timeText(record.failedAt) || null,
    failure_notes: record.failureNotes,
  };
}
