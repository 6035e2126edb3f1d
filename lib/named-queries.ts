import type { Source } from '../core/source/source.ts';

/**
 * A question that people ask of the lake, ready to be run in Athena. The same text runs on DuckDB, which is
 * how it is tested.
 */
export interface SavedQuery {
  /** `suspicious-dates` */
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}

const NOW = "CAST(current_timestamp AT TIME ZONE 'UTC' AS TIMESTAMP)";
const daysAgo = (days: number) => `CAST(${NOW} - INTERVAL '${days}' DAY AS DATE)`;

/**
 * Answers to: is it complete, what is missing, what looks wrong, is the overwrite working, what failed and
 * why.
 */
export function namedQueriesOf(sources: readonly Source[]): readonly SavedQuery[] {
  return [...ACROSS_SOURCES, ...sources.flatMap((source) => [updateCounts(source), duplicates(source)])];
}

const ACROSS_SOURCES: readonly SavedQuery[] = [
  {
    name: 'items-per-day',
    description: 'Items a day over the last 30 dates, per target: mean, median, standard deviation, ends.',
    sql: `
WITH days AS (
  SELECT
    source, target, items,
    row_number() OVER (PARTITION BY source, target ORDER BY items) AS place,
    count(*) OVER (PARTITION BY source, target) AS places
  FROM v_completeness
  WHERE standing NOT IN ('missing', 'held') AND partition_date >= ${daysAgo(30)}
)
SELECT
  source, target, count(*) AS days,
  avg(CAST(items AS DOUBLE)) AS mean,
  avg(CASE WHEN 2 * place BETWEEN places AND places + 2 THEN CAST(items AS DOUBLE) END) AS median,
  stddev(CAST(items AS DOUBLE)) AS stddev,
  min(items) AS least, max(items) AS most
FROM days
GROUP BY source, target
ORDER BY source, target`,
  },
  {
    name: 'suspicious-dates',
    description: 'Dates with fewer items than their target usually has, newest first.',
    sql: 'SELECT * FROM v_suspicious_dates ORDER BY partition_date DESC, source, target',
  },
  {
    name: 'missing-dates',
    description: 'Dates without a commit, newest first, with the last try if there was one.',
    sql: 'SELECT * FROM v_missing_dates ORDER BY missing_date DESC, source, target',
  },
  {
    name: 'not-whole',
    description: 'Partitions that are held, stale or incomplete, with the reason and the run.',
    sql: `
SELECT source, target, partition_date, standing, items_expected, items, items_failed, reason, last_run_id, refreshed_at
FROM v_completeness
WHERE standing IN ('held', 'stale', 'incomplete')
ORDER BY partition_date DESC, source, target`,
  },
  {
    name: 'not-updating',
    description:
      'Partitions of the last 7 dates that no run has refreshed for a day: the question "old data still showing".',
    sql: `
SELECT *
FROM v_partition_updates
WHERE partition_date >= ${daysAgo(7)} AND (last_refresh_at IS NULL OR last_refresh_at < ${NOW} - INTERVAL '1' DAY)
ORDER BY partition_date DESC, source, target`,
  },
  {
    name: 'errors-of-the-week',
    description: 'What went wrong on the wire in the last 7 days, most frequent first.',
    sql: "SELECT * FROM v_crawl_error_summary WHERE error_code NOT IN ('SUCCESS', 'NOT_MODIFIED') ORDER BY occurrences DESC",
  },
  {
    name: 'rate-limits-by-hour',
    description:
      'Rate limiting of the last 30 days by UTC hour: when the site is patient, and when it is not.',
    sql: `
SELECT
  source, EXTRACT(HOUR FROM attempted_at) AS utc_hour,
  count(*) AS attempts,
  count(*) FILTER (WHERE error_code = 'RATE_LIMITED') AS rate_limited
FROM attempts
WHERE run_date >= ${daysAgo(30)}
GROUP BY source, EXTRACT(HOUR FROM attempted_at)
ORDER BY source, utc_hour`,
  },
  {
    name: 'retry-candidates',
    description: 'Items whose last attempt ended in a time-out or an error, worth another try.',
    sql: 'SELECT * FROM v_retry_candidates ORDER BY last_attempt_at DESC',
  },
  {
    name: 'targets-to-skip',
    description: 'Targets that are flagged or should be, with what they met.',
    sql: 'SELECT * FROM v_targets_to_skip ORDER BY source, state, name, target',
  },
  {
    name: 'crawl-health',
    description: 'How the targets of each source are, in numbers.',
    sql: 'SELECT * FROM v_crawl_health ORDER BY source',
  },
  {
    name: 'crawlers-in-trouble',
    description: 'Targets whose crawls fail, with the last error and how long they wait.',
    sql: `
SELECT source, target, name, state, crawl_status, schedule_status, consecutive_failures, last_error_code, next_crawl_at
FROM v_crawler_status
WHERE crawl_status IN ('degraded', 'failed') OR consecutive_failures > 0
ORDER BY consecutive_failures DESC, source, target`,
  },
  {
    name: 'settling-lag',
    description: 'Days until a date stops changing, and the window that would see 95 of 100 settle.',
    sql: 'SELECT * FROM v_settling_lag ORDER BY source, target',
  },
  {
    name: 'last-runs',
    description: 'Runs of the last 30 days, newest first, in numbers.',
    sql: `SELECT * FROM runs WHERE run_date >= ${daysAgo(30)} ORDER BY started_at DESC`,
  },
];

function updateCounts({ name, table }: Source): SavedQuery {
  const [target] = table.partitionBy;
  return {
    name: `${name}-update-counts`,
    description: `Rows of ${table.name} by partition. Every partition is one commit: update_count above 1 would be two versions mixed.`,
    sql: `
SELECT
  ${target}, "date", count(*) AS row_count,
  count(DISTINCT _committed_at) AS update_count,
  max(_committed_at) AS last_update,
  max(_scraped_at) AS last_scrape
FROM ${table.name}
WHERE "date" >= ${daysAgo(14)}
GROUP BY ${target}, "date"
ORDER BY "date" DESC, ${target}`,
  };
}

function duplicates({ name, table }: Source): SavedQuery {
  const [target] = table.partitionBy;
  const key = [target, '"date"', ...table.rowKey].join(', ');
  return {
    name: `${name}-duplicates`,
    description: `Rows of ${table.name} that stand there twice. There should be none.`,
    sql: `
SELECT ${key}, count(*) AS times
FROM ${table.name}
WHERE "date" >= ${daysAgo(30)}
GROUP BY ${key}
HAVING count(*) > 1
ORDER BY times DESC`,
  };
}
