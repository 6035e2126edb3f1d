import { OF_A_PAGE } from '../lake/log-tables.ts';
import type { View } from './view.ts';

/**
 * Views over `attempts`: what happened on the wire, with names out of `targets`. `now`: the instant from
 * which they look back, as SQL.
 */
export function attemptViews(now: string): readonly View[] {
  const within = attemptsWithin(now);
  return [
    ATTEMPT_SUMMARY,
    recentBlocks(within),
    DAILY_BLOCKS,
    successRate(within),
    RETRY_CANDIDATES,
    errorSummary(within),
  ];
}

/** The condition for attempts of the last so many days. */
type Within = (days: number) => string;

/** A run that began a day earlier may have made an attempt, so the partition filter takes one day more. */
function attemptsWithin(now: string): Within {
  return (days) =>
    `attempted_at >= ${now} - INTERVAL '${days}' DAY AND run_date >= CAST(${now} - INTERVAL '${days + 1}' DAY AS DATE)`;
}

const SUCCESSES = `count(*) FILTER (WHERE status = 'success')`;
const PERCENT = `round(100 * CAST(${SUCCESSES} AS DOUBLE) / count(*), 2)`;

const ATTEMPT_SUMMARY: View = {
  name: 'v_attempt_summary',
  description: 'All attempts by status and kind of wall. Requests for robots.txt are left out.',
  sql: `
SELECT
  source, status, block_type,
  count(*) AS attempts,
  round(100 * CAST(count(*) AS DOUBLE) / sum(count(*)) OVER (PARTITION BY source), 2) AS percent_of_source,
  count(DISTINCT target) AS targets,
  avg(CAST(timing_ms AS DOUBLE)) AS mean_timing_ms,
  min(attempted_at) AS first_at,
  max(attempted_at) AS last_at
FROM attempts
WHERE ${OF_A_PAGE}
GROUP BY source, status, block_type`,
};

/** What people call a target, where its table has it. */
const NAMED = 'LEFT JOIN v_crawler_status s ON s.source = a.source AND s.target = a.target';

const recentBlocks = (within: Within): View => ({
  name: 'v_recent_blocks',
  description: 'Every attempt of the last 30 days that met a wall, with the rule that recognised it.',
  sql: `
SELECT
  a.attempted_at, a.source, a.target, s.name, s.state, a.partition_date, a.item_id, a.url, a.error_code, a.block_type,
  a.rule, a.http_status_code, a.error_message, a.capture, a.run_id, a.partition_value, a.tier
FROM (SELECT * FROM attempts WHERE status = 'blocked' AND ${OF_A_PAGE} AND ${within(30)}) a
${NAMED}`,
});

const DAILY_BLOCKS: View = {
  name: 'v_daily_blocks',
  description: 'Walls by UTC day and kind, and how many targets stood before them.',
  sql: `
SELECT
  CAST(attempted_at AS DATE) AS day, source, block_type,
  count(*) AS blocks,
  count(DISTINCT target) AS targets,
  max(attempted_at) AS last_at
FROM attempts
WHERE status = 'blocked' AND ${OF_A_PAGE}
GROUP BY CAST(attempted_at AS DATE), source, block_type`,
};

const successRate = (within: Within): View => ({
  name: 'v_success_rate',
  description:
    'How many attempts ended how, and the share that succeeded (per cent with 2 decimals), per target, in all and over the last 7 days. Requests for robots.txt are left out.',
  sql: `
WITH recent AS (
  SELECT source, target, count(*) AS attempts, ${SUCCESSES} AS successes, ${PERCENT} AS success_percent
  FROM attempts
  WHERE ${OF_A_PAGE} AND ${within(7)}
  GROUP BY source, target
), overall AS (
  SELECT
    source, target, count(*) AS attempts, ${SUCCESSES} AS successes, ${PERCENT} AS success_percent,
    count(*) FILTER (WHERE status = 'blocked') AS blocked,
    count(*) FILTER (WHERE status = 'not_found') AS not_found,
    count(*) FILTER (WHERE status = 'timeout') AS timeouts,
    max(attempted_at) AS last_attempt_at,
    max(attempted_at) FILTER (WHERE status = 'success') AS last_success_at
  FROM attempts
  WHERE ${OF_A_PAGE}
  GROUP BY source, target
)
SELECT
  a.source, a.target, s.name, s.state, a.attempts, a.successes, a.blocked, a.not_found, a.timeouts, a.success_percent,
  coalesce(r.attempts, 0) AS attempts_7_days, coalesce(r.successes, 0) AS successes_7_days,
  r.success_percent AS success_percent_7_days, a.last_attempt_at, a.last_success_at
FROM overall a
LEFT JOIN recent r ON r.source = a.source AND r.target = a.target
${NAMED}`,
});

const RETRY_CANDIDATES: View = {
  name: 'v_retry_candidates',
  description:
    'Items whose last attempt ended in a time-out or an error, worth another try. Targets that are flagged, or whose own last attempt met a wall, are left out.',
  sql: `
WITH items AS (
  SELECT
    source, target, partition_date, item_id, url, status, error_code, error_message, http_status_code, attempt_number,
    attempted_at, capture, run_id,
    row_number() OVER (
      PARTITION BY source, target, partition_date, item_id ORDER BY attempted_at DESC, attempt_id DESC
    ) AS recency,
    row_number() OVER (PARTITION BY source, target ORDER BY attempted_at DESC, attempt_id DESC) AS target_recency
  FROM attempts
  WHERE ${OF_A_PAGE}
), walls AS (
  SELECT source, target FROM items WHERE target_recency = 1 AND status = 'blocked'
)
SELECT
  a.source, a.target, s.name, s.state, a.partition_date, a.item_id, a.url, a.status, a.error_code, a.error_message,
  a.http_status_code, a.attempt_number AS attempts_in_run, a.attempted_at AS last_attempt_at, a.capture, a.run_id
FROM items a
LEFT JOIN walls w ON w.source = a.source AND w.target = a.target
${NAMED}
WHERE a.recency = 1 AND a.status IN ('timeout', 'error') AND w.source IS NULL AND s.skip_reason IS NULL`,
};

const errorSummary = (within: Within): View => ({
  name: 'v_crawl_error_summary',
  description: 'How the attempts of the last 7 days ended, by outcome code, successes too.',
  sql: `
SELECT
  source, error_code, block_type,
  count(*) AS occurrences,
  count(DISTINCT target) AS affected_targets,
  max(attempted_at) AS last_at,
  avg(CAST(timing_ms AS DOUBLE)) AS mean_timing_ms
FROM attempts
WHERE ${OF_A_PAGE} AND ${within(7)}
GROUP BY source, error_code, block_type`,
});
