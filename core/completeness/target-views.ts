import { NOT_FOUND_ONCE, OF_A_PAGE } from '../lake/log-tables.ts';
import { BLOCK_TYPES } from '../outcome/outcome.ts';
import type { View } from './view.ts';

/**
 * Views over `targets`: how targets are, by the last day of each source. `now`: the instant from which they
 * look, as SQL.
 */
export function targetViews(now: string): readonly View[] {
  return [crawlerStatus(now), crawlHealth(now), flaggedTargets(now), targetsToSkip()];
}

/** Days that are searched for the last one of a source. */
const LAST_DAYS = 92;

/** `scheduleStatus` in SQL: what passes with time is judged at `now`, the rest as the row has it. */
const crawlerStatus = (now: string): View => ({
  name: 'v_crawler_status',
  description: `Every target as the last day on record has it (of the last ${LAST_DAYS}; scheduled runs write it once an hour), with its flag, its counters and how it stands with its schedule at this moment.`,
  sql: `
WITH last_days AS (
  SELECT source, max("date") AS last_date
  FROM targets
  WHERE "date" >= CAST(${now} - INTERVAL '${LAST_DAYS}' DAY AS DATE)
  GROUP BY source
), latest AS (
  SELECT
    t.*, t.skip_reason IS NOT NULL AND (t.skip_expires_at IS NULL OR t.skip_expires_at > ${now}) AS is_skipped
  FROM targets t
  JOIN last_days d ON d.source = t.source AND d.last_date = t."date"
  WHERE t."date" >= CAST(${now} - INTERVAL '${LAST_DAYS}' DAY AS DATE)
)
SELECT
  source, target, name, slug, state, tier, url, menu_type, platform_id, status AS crawl_status,
  consecutive_failures, consecutive_blocks, consecutive_not_found,
  last_crawl_at, last_attempt_at, last_success_at, last_failure_at, last_error_code, next_crawl_at,
  crawl_frequency_minutes, max_retries, current_proxy_id, current_user_agent, backoff_multiplier,
  total_attempts, total_successes, record_count, success_rate,
  CASE
    WHEN status = 'failed' THEN 'FAILED'
    WHEN status = 'paused' THEN 'PAUSED'
    WHEN is_skipped THEN 'SKIPPED'
    WHEN status = 'degraded' THEN 'DEGRADED'
    WHEN needs IS NOT NULL THEN needs
    WHEN next_crawl_at IS NULL THEN 'NOT_SCHEDULED'
    WHEN next_crawl_at <= ${now} THEN 'DUE'
    ELSE 'SCHEDULED'
  END AS schedule_status,
  needs, is_skipped, skip_reason, skip_actor, skipped_at, skip_expires_at, unflagged_at, failed_at, failure_notes,
  recorded_at
FROM latest`,
});

const crawlHealth = (now: string): View => ({
  name: 'v_crawl_health',
  description:
    'How the targets of each source are, in numbers, as the last run of each left them; the command "health" knows what a person has changed since.',
  sql: `
SELECT
  source,
  count(*) AS targets,
  count(*) FILTER (WHERE crawl_status = 'active') AS active_crawlers,
  count(*) FILTER (WHERE crawl_status = 'degraded') AS degraded_crawlers,
  count(*) FILTER (WHERE crawl_status = 'paused') AS paused_crawlers,
  count(*) FILTER (WHERE crawl_status = 'failed') AS failed_crawlers,
  count(*) FILTER (WHERE is_skipped) AS skipped,
  count(*) FILTER (
    WHERE crawl_status IN ('active', 'degraded') AND NOT is_skipped AND needs IS NULL
      AND (next_crawl_at IS NULL OR next_crawl_at <= ${now})
  ) AS due_now,
  count(*) FILTER (WHERE consecutive_failures > 0) AS targets_with_failures,
  round(avg(CAST(consecutive_failures AS DOUBLE)), 2) AS avg_consecutive_failures,
  count(*) FILTER (WHERE last_success_at > ${now} - INTERVAL '24' HOUR) AS successful_last_24h
FROM v_crawler_status
GROUP BY source`,
});

const flaggedTargets = (now: string): View => ({
  name: 'v_flagged_targets',
  description:
    'Targets that were flagged in the last 7 days and were flagged still when the last run ended, with the reason.',
  sql: `
SELECT
  source, target, name, state, tier, skip_reason, skip_actor, skipped_at, skip_expires_at, last_attempt_at
FROM v_crawler_status
WHERE skip_reason IS NOT NULL AND skipped_at >= ${now} - INTERVAL '7' DAY`,
});

/** As `auto-flag` counts: all attempts at pages since a flag was lifted last. */
const targetsToSkip = (): View => ({
  name: 'v_targets_to_skip',
  description:
    'Targets that are flagged, or have met 3 walls or 4 pages that were not there since a flag of theirs was lifted (items count once a day): what nobody should ask, and why. As the last run left it: a flag that a person lifted since is still here.',
  sql: `
WITH pages AS (
  SELECT source, target, status, block_type, attempted_at, ${NOT_FOUND_ONCE} AS not_found_once
  FROM attempts
  WHERE ${OF_A_PAGE}
), counts AS (
  SELECT
    a.source, a.target,
    count(*) AS attempts,
    max(a.attempted_at) AS last_attempt_at,
    ${BLOCK_TYPES.map((type) => `count(*) FILTER (WHERE a.block_type = '${type}') AS ${type}_blocks`).join(', ')},
    count(*) FILTER (
      WHERE a.status = 'blocked' AND (s.unflagged_at IS NULL OR a.attempted_at > s.unflagged_at)
    ) AS blocks,
    count(DISTINCT a.not_found_once) FILTER (
      WHERE a.status = 'not_found' AND (s.unflagged_at IS NULL OR a.attempted_at > s.unflagged_at)
    ) AS not_found
  FROM pages a
  LEFT JOIN v_crawler_status s ON s.source = a.source AND s.target = a.target
  GROUP BY a.source, a.target
)
SELECT
  coalesce(s.source, c.source) AS source, coalesce(s.target, c.target) AS target, s.name, s.state,
  CASE
    WHEN s.is_skipped THEN s.skip_reason
    WHEN c.blocks >= 3 THEN 'auto_flag_3_blocks'
    ELSE 'auto_flag_4_not_found'
  END AS reason,
  coalesce(s.is_skipped, false) AS flagged,
  s.skipped_at AS flagged_at,
  coalesce(c.attempts, 0) AS attempts, coalesce(c.blocks, 0) AS blocks, coalesce(c.not_found, 0) AS not_found,
  nullif(concat_ws(', ', ${BLOCK_TYPES.map((type) => `CASE WHEN c.${type}_blocks > 0 THEN '${type}' END`).join(', ')}), '')
    AS block_types,
  coalesce(c.last_attempt_at, s.last_attempt_at) AS last_attempt_at
FROM v_crawler_status s
FULL OUTER JOIN counts c ON c.source = s.source AND c.target = s.target
WHERE s.is_skipped OR c.blocks >= 3 OR c.not_found >= 4`,
});
