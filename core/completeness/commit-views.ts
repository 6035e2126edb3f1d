import type { Source } from '../source/source.ts';
import { completenessView, seenOver } from './completeness-view.ts';
import { ofEvery, ofExtractions } from './source-conditions.ts';
import { BASELINE_DAYS } from './statistics.ts';
import { suspiciousDays } from './suspicious-days.ts';
import { PARTITION, type View } from './view.ts';

/** Views over `commits` and `runs`: how the partitions stand. `now`: an instant of UTC, as SQL. */
export function commitViews(sources: readonly Source[], now: string): readonly View[] {
  return [
    completenessView(sources, now),
    suspiciousDates(sources, now),
    missingDates(sources),
    PARTITION_UPDATES,
    SETTLING_LAG,
  ];
}

function suspiciousDates(sources: readonly Source[], now: string): View {
  return {
    name: 'v_suspicious_dates',
    description: `Dates with fewer items than max(minItems, mean - 2 stddev) of all other dates of the target, or of the others on the same day of the week where there are ${BASELINE_DAYS}; one item, or a twentieth, may always be lacking. Dates are measured when they are over. An empty date is believed unless the others make it improbable. Left out are targets that are crawled one by one, and pages that a model read: books differ in size.`,
    sql: `
WITH ${suspiciousDays(sources, 'v_completeness', seenOver(sources, now))}
SELECT
  ${PARTITION}, items, rows, threshold,
  usual AS usual_items, CASE WHEN days IS NOT NULL THEN spread END AS usual_stddev, days AS baseline_days,
  days IS NOT NULL AND seasonal AS same_day_of_week
FROM thresholds
WHERE items < threshold`,
  };
}

const DIGITS = '(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))';

const missingDates = (sources: readonly Source[]): View => ({
  name: 'v_missing_dates',
  description:
    'Dates without a commit, for every target on record: from the first date that its source has to the last one that a run covered (27 years at most), with the last try, if there was one. Where targets are crawled one by one: dates on which one was due. Of pages that a model reads no date is missing.',
  sql: `
WITH due AS (
  SELECT DISTINCT source AS of_source, partition_value, "date" AS due_date
  FROM targets
  WHERE due_that_day AND ${ofEvery(sources)}
), ends AS (
  SELECT source, max(window_end) AS last_window FROM runs GROUP BY source
), spans AS (
  SELECT source, table_name, min(partition_date) AS first_date, max(partition_date) AS last_commit
  FROM commits
  WHERE NOT ${ofExtractions(sources)}
  GROUP BY source, table_name
), ranges AS (
  SELECT s.source, s.table_name, s.first_date, greatest(s.last_commit, coalesce(e.last_window, s.last_commit)) AS last_date
  FROM spans s
  LEFT JOIN ends e ON e.source = s.source
), numbers AS (
  SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n
  FROM ${DIGITS} AS a (d)
  CROSS JOIN ${DIGITS} AS b (d)
  CROSS JOIN ${DIGITS} AS c (d)
  CROSS JOIN ${DIGITS} AS e (d)
), days AS (
  SELECT r.source, r.table_name, CAST(r.first_date + INTERVAL '1' DAY * n.n AS DATE) AS missing_date
  FROM ranges r
  JOIN numbers n ON n.n <= date_diff('day', r.first_date, r.last_date)
), known AS (
  SELECT DISTINCT source, table_name, target FROM commits
)
SELECT
  d.source, d.table_name, t.target, d.missing_date,
  c.last_status, c.reason, c.recorded_at AS last_tried_at
FROM days d
JOIN known t ON t.source = d.source AND t.table_name = d.table_name
LEFT JOIN v_completeness c
  ON c.source = d.source AND c.table_name = d.table_name AND c.target = t.target AND c.partition_date = d.missing_date
LEFT JOIN due u ON u.of_source = d.source AND u.partition_value = t.target AND u.due_date = d.missing_date
WHERE c.version IS NULL AND (u.due_date IS NOT NULL OR NOT (${ofEvery(sources).replace('source', 'd.source')}))`,
});

/** What makes another version current, or finds the current one confirmed. */
const UPDATES = `status IN ('committed', 'accepted', 'rolled_back')`;

const PARTITION_UPDATES: View = {
  name: 'v_partition_updates',
  description:
    'How often each partition was looked at and replaced, and when last. A partition that is scraped every day but whose last_refresh_at stands still is not being updated.',
  sql: `
SELECT
  ${PARTITION},
  count(*) FILTER (WHERE ${UPDATES}) AS updates,
  count(*) FILTER (WHERE status = 'unchanged') AS confirmations,
  count(*) FILTER (WHERE status = 'held') AS holds,
  count(*) FILTER (WHERE status = 'failed') AS failures,
  min(recorded_at) FILTER (WHERE ${UPDATES}) AS first_update_at,
  max(recorded_at) FILTER (WHERE ${UPDATES}) AS last_update_at,
  max(recorded_at) FILTER (WHERE status IN ('committed', 'unchanged') AND actor = 'run') AS last_refresh_at,
  count(DISTINCT run_id) AS runs
FROM commits
GROUP BY ${PARTITION}`,
};

const SETTLING_LAG: View = {
  name: 'v_settling_lag',
  description:
    'Days from the date of a partition until its rows stopped changing, per target, and the window that would have seen 95 of 100 partitions settle. Counts partitions that were seen within a day of their date and confirmed unchanged after their last change; the others among them are unsettled. A backfill says nothing about settling.',
  sql: `
WITH refreshes AS (
  SELECT ${PARTITION}, status, recorded_at, date_diff('day', partition_date, CAST(recorded_at AS DATE)) AS lag_days
  FROM commits
  WHERE actor = 'run' AND status IN ('committed', 'unchanged')
), partitions AS (
  SELECT
    ${PARTITION},
    min(lag_days) AS first_lag,
    max(CASE WHEN status = 'committed' THEN lag_days END) AS settled_lag,
    max(CASE WHEN status = 'committed' THEN recorded_at END) < max(recorded_at) AS settled
  FROM refreshes
  GROUP BY ${PARTITION}
), observed AS (
  SELECT source, table_name, target, settled, settled_lag
  FROM partitions
  WHERE first_lag <= 1 AND settled_lag IS NOT NULL
), ranked AS (
  SELECT
    source, table_name, target, settled, settled_lag,
    row_number() OVER (PARTITION BY source, table_name, target, settled ORDER BY settled_lag) AS place,
    count(*) OVER (PARTITION BY source, table_name, target, settled) AS places
  FROM observed
)
SELECT
  source, table_name, target,
  count(*) FILTER (WHERE settled) AS settled_partitions,
  count(*) FILTER (WHERE NOT settled) AS unsettled_partitions,
  avg(CAST(settled_lag AS DOUBLE)) FILTER (WHERE settled) AS mean_lag_days,
  max(settled_lag) FILTER (WHERE settled) AS max_lag_days,
  min(settled_lag) FILTER (WHERE settled AND place * 100 >= places * 95) AS lag_days_95,
  min(settled_lag) FILTER (WHERE settled AND place * 100 >= places * 95) + 1 AS suggested_window_days
FROM ranked
GROUP BY source, table_name, target`,
};
