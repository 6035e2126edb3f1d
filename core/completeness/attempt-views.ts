import type { View } from './view.ts';

/** Views over `attempts`: what happened on the wire. `now`: the instant from which they look back, as SQL. */
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
const PERCENT = `100 * CAST(${SUCCESSES} AS DOUBLE) / count(*)`;

const ATTEMPT_SUMMARY: View = {
  name: 'v_attempt_summary',
  description: 'All attempts by status and kind of wall, requests for robots.txt included.',
  sql: `
SELECT
  source, status, block_type,
  count(*) AS attempts,
  100 * CAST(count(*) AS DOUBLE) / sum(count(*)) OVER (PARTITION BY source) AS percent_of_source,
  count(DISTINCT target) AS targets,
  avg(CAST(timing_ms AS DOUBLE)) AS mean_timing_ms,
  min(attempted_at) AS first_at,
  max(attempted_at) AS last_at
FROM attempts
GROUP BY source, status, block_type`,
};

const recentBlocks = (within: Within): View => ({
  name: 'v_recent_blocks',
  description: 'Every attempt of the last 30 days that met a wall, with the rule that recognised it.',
  sql: `
SELECT
  attempted_at, source, target, partition_date, item_id, url, error_code, block_type, rule, http_status_code,
  error_message, capture, run_id, partition_value, tier
FROM attempts
WHERE status = 'blocked' AND ${within(30)}`,
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
WHERE status = 'blocked'
GROUP BY CAST(attempted_at AS DATE), source, block_type`,
};

const successRate = (within: Within): View => ({
  name: 'v_success_rate',
  description:
    'Share of attempts that succeeded, per target, in all and over the last 7 days. Requests for robots.txt are left out.',
  sql: `
WITH recent AS (
  SELECT source, target, count(*) AS attempts, ${SUCCESSES} AS successes, ${PERCENT} AS success_percent
  FROM attempts
  WHERE item_id <> 'robots.txt' AND ${within(7)}
  GROUP BY source, target
), overall AS (
  SELECT
    source, target, count(*) AS attempts, ${SUCCESSES} AS successes, ${PERCENT} AS success_percent,
    max(attempted_at) AS last_attempt_at,
    max(attempted_at) FILTER (WHERE status = 'success') AS last_success_at
  FROM attempts
  WHERE item_id <> 'robots.txt'
  GROUP BY source, target
)
SELECT
  o.source, o.target, o.attempts, o.successes, o.success_percent,
  coalesce(r.attempts, 0) AS attempts_7_days, coalesce(r.successes, 0) AS successes_7_days,
  r.success_percent AS success_percent_7_days, o.last_attempt_at, o.last_success_at
FROM overall o
LEFT JOIN recent r ON r.source = o.source AND r.target = o.target`,
});

const RETRY_CANDIDATES: View = {
  name: 'v_retry_candidates',
  description:
    'Items whose last attempt ended in a time-out or an error, worth another try. Targets whose own last attempt met a wall are left out: they are flagged, or about to be.',
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
  WHERE item_id <> 'robots.txt'
), walls AS (
  SELECT source, target FROM items WHERE target_recency = 1 AND status = 'blocked'
)
SELECT
  i.source, i.target, i.partition_date, i.item_id, i.url, i.status, i.error_code, i.error_message, i.http_status_code,
  i.attempt_number AS attempts_in_run, i.attempted_at AS last_attempt_at, i.capture, i.run_id
FROM items i
LEFT JOIN walls w ON w.source = i.source AND w.target = i.target
WHERE i.recency = 1 AND i.status IN ('timeout', 'error') AND w.source IS NULL`,
};

const errorSummary = (within: Within): View => ({
  name: 'v_crawl_error_summary',
  description: 'What went wrong in the last 7 days, by outcome code.',
  sql: `
SELECT
  source, error_code, block_type,
  count(*) AS occurrences,
  count(DISTINCT target) AS affected_targets,
  max(attempted_at) AS last_at,
  avg(CAST(timing_ms AS DOUBLE)) AS mean_timing_ms
FROM attempts
WHERE status <> 'success' AND ${within(7)}
GROUP BY source, error_code, block_type`,
});
