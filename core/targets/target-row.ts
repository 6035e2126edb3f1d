import type { TargetRow } from '../lake/target-table.ts';
import { minutesOf } from '../source/cadence.ts';
import { partitionValueOf } from '../source/partition.ts';
import type { Source } from '../source/source.ts';
import { notReady, scheduleStatus } from './schedule-status.ts';
import { nameOf, successRate, type TargetRecord } from './target.ts';
import { type Day, dueAndCrawled, targetDay } from './target-day.ts';

/** The row of a target for a day, by its record as it is now. `now`: milliseconds. */
export function targetRow(source: Source, record: TargetRecord, day: Day, now: number): TargetRow {
  const { target, attributes, skip, lastCrawl } = record;
  const attribute = (name: string) => (attributes?.[name] === undefined ? null : String(attributes[name]));
  const { due, crawled } = dueAndCrawled(source, record, day, now);
  const stood = source.cadence.kind === 'every' ? targetDay(source, record, day, now) : undefined;
  return {
    target,
    name: nameOf(record),
    partition_value: partitionValueOf(source, { id: target, ...(attributes && { attributes }) }),
    slug: attribute('slug'),
    state: attribute('state'),
    tier: attribute('tier'),
    url: attribute('url'),
    menu_type: attribute('menu_type'),
    platform_id: attribute('platform_id'),
    attributes,
    status: record.status,
    schedule_status: scheduleStatus(source, record, now),
    day_status: stood?.status ?? null,
    day_reason: stood?.reason ?? null,
    due_that_day: due,
    crawled_that_day: crawled,
    needs: notReady(source, record) ?? null,
    skip_reason: skip?.reason ?? null,
    skip_actor: skip?.actor ?? null,
    skipped_at: timeOf(skip?.since),
    skip_expires_at: timeOf(skip?.expiresAt),
    unflagged_at: timeOf(record.unflaggedAt),
    crawl_frequency_minutes: record.crawlFrequencyMinutes ?? minutesOf(source.cadence),
    max_retries: record.maxRetries ?? source.retry.attempts - 1,
    backoff_multiplier: record.backoffMultiplier,
    next_crawl_at: timeOf(record.nextCrawlAt),
    last_crawl_at: timeOf(record.lastCrawlAt),
    last_crawl_ended_at: timeOf(record.releasedAt),
    last_crawl_date: lastCrawl?.date ?? null,
    last_crawl_code: lastCrawl?.code ?? null,
    last_attempt_at: timeOf(record.lastAttemptAt),
    last_success_at: timeOf(record.lastSuccessAt),
    last_failure_at: timeOf(record.lastFailureAt),
    last_error_code: record.lastErrorCode,
    consecutive_failures: record.consecutiveFailures,
    consecutive_blocks: record.consecutiveBlocks,
    consecutive_not_found: record.consecutiveNotFound,
    total_attempts: record.totalAttempts,
    total_successes: record.totalSuccesses,
    success_rate: successRate(record),
    record_count: record.recordCount,
    current_proxy_id: record.currentProxyId,
    current_user_agent: record.currentUserAgent,
    failed_at: timeOf(record.failedAt),
    failure_notes: record.failureNotes,
    recorded_at: new Date(now).toISOString(),
  };
}

/** The last moment that a calendar of four digits knows; a flag may expire later. Milliseconds. */
const LAST = Date.UTC(9999, 11, 31);

function timeOf(at: number | null | undefined): string | null {
  return at == null ? null : new Date(Math.min(at, LAST)).toISOString();
}
