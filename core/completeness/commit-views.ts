import { leastOffset } from '../calendar/window.ts';
import { entityKindOf, extractionOf, isScraped, type Source } from '../source/source.ts';
import { PENDING_DAYS } from './date-status.ts';
import { feedingSources } from './feeding-sources.ts';
import { BASELINE_DAYS } from './statistics.ts';
import type { View } from './view.ts';

/** Views over `commits` and `runs`: how the partitions stand. `now`: an instant of UTC, as SQL. */
export function commitViews(sources: readonly Source[], now: string): readonly View[] {
  return [
    completenessView(sources, now),
    suspiciousDates(sources),
    missingDates(sources),
    PARTITION_UPDATES,
    SETTLING_LAG,
  ];
}

const PARTITION = 'source, table_name, target, partition_date';

/** Columns that commits of before they were kept lack. */
const LISTED = ['items_pending', 'items_abandoned', 'items_void', 'items_withdrawn'];

/** The column of the status is called `standing` for the sake of statements that people have saved. */
function completenessView(sources: readonly Source[], now: string): View {
  // Counted from midnight in UTC: engines do not agree on time zones.
  const minutes = sources.map(
    ({ name, timeZone }) => `WHEN ${text(name)} THEN ${1440 - leastOffset(timeZone)}`,
  );
  const over = minutes.length === 0 ? '1440' : `CASE source ${minutes.join(' ')} ELSE 1440 END`;
  return {
    name: 'v_completeness',
    description: `Every partition as its last commit on record left it: its status (column standing), items and rows; incomplete where targets were due that day and nobody crawled them; suspicious where the index took away items that had rows; open where items have no result yet, or its day was not over when it was refreshed, or nothing tells which targets were due; incomplete ${PENDING_DAYS} days after its day where items still have none. A date of a table of entities is no better than that of the source whose records feed it. Of pages that a model reads those that have no result yet are pending, however old the book, and those that will have none without a person are failed. For the figures of a period, aggregate items over it. Whether the last run covered it, whether rows are there twice, and whether records are on their way, is told by "rescrape completeness".`,
    sql: `
WITH ranked AS (
  SELECT
    ${PARTITION}, status, version, items_expected, items_found, items_empty, items_carried, items_failed,
    ${LISTED.map((name) => `coalesce(${name}, 0) AS ${name}`).join(', ')}, rows, reason, run_id, recorded_at,
    row_number() OVER (PARTITION BY ${PARTITION} ORDER BY coalesce(standing_order, 0) DESC, recorded_at DESC, run_id DESC) AS recency,
    max(CASE WHEN status IN ('committed', 'unchanged') AND actor IN ('run', 'publication') THEN recorded_at END)
      OVER (PARTITION BY ${PARTITION}) AS refreshed_at
  FROM commits
), counted AS (
  SELECT
    *, items_found + items_empty + items_carried + items_pending + items_abandoned + items_void AS items,
    CAST(partition_date AS TIMESTAMP) + (${over}) * INTERVAL '1' MINUTE AS day_over_at
  FROM ranked
  WHERE recency = 1
), of_day AS (
  SELECT
    source AS of_source, partition_value, "date" AS due_date,
    count(*) FILTER (WHERE due_that_day AND NOT crawled_that_day) AS targets_uncrawled
  FROM targets
  WHERE ${ofEvery(sources)}
  GROUP BY source, partition_value, "date"
), judged AS (
SELECT
  ${PARTITION}, day_over_at,
  CASE
    WHEN version IS NULL THEN 'missing'
    WHEN status = 'held' THEN 'held'
    WHEN items_failed > 0 THEN 'incomplete'
    WHEN targets_uncrawled > 0 AND ${now} >= day_over_at THEN 'incomplete'
    WHEN items_pending > 0 AND NOT ${ofExtractions(sources)} AND ${now} >= day_over_at + INTERVAL '${PENDING_DAYS}' DAY THEN 'incomplete'
    WHEN status = 'failed' THEN 'stale'
    WHEN items_withdrawn > 0 THEN 'suspicious'
    WHEN items_pending > 0 THEN 'open'
    WHEN ${ofEvery(sources)} AND (${now} < day_over_at OR targets_uncrawled IS NULL) THEN 'open'
    WHEN ${ofDerived(sources)} AND ${now} < day_over_at THEN 'open'
    WHEN NOT (${ofEvery(sources)} OR ${ofDerived(sources)}) AND coalesce(refreshed_at, recorded_at) < day_over_at THEN 'open'
    WHEN items = 0 OR (${ofEntities(sources)} AND items_found + items_carried = 0) THEN 'empty'
    ELSE 'complete'
  END AS standing,
  items_expected, items, items_found, items_empty, items_carried, items_failed, ${LISTED.join(', ')}, rows, version,
  status AS last_status, reason, run_id AS last_run_id, recorded_at, refreshed_at,
  coalesce(targets_uncrawled, 0) AS targets_uncrawled
FROM counted
LEFT JOIN of_day ON of_source = source AND partition_value = target AND due_date = partition_date
)
${judgedByFeeding(sources, now)}`,
  };
}

const SHOWN = [
  ...['items_expected', 'items', 'items_found', 'items_empty', 'items_carried', 'items_failed', ...LISTED],
  ...['rows', 'version', 'last_status', 'reason', 'last_run_id', 'recorded_at', 'refreshed_at'],
  'targets_uncrawled',
].join(', ');

/**
 * A date of a table of entities is no better than that of the sources whose records feed it: 3, what
 * disproves completeness, 2, what casts doubt on it, 1, what is still to come. A date that such a source has
 * never brought, though it has the feed, is among the first.
 */
function judgedByFeeding(sources: readonly Source[], now: string): string {
  const pairs = sources.flatMap((source) => {
    const kind = entityKindOf(source);
    if (kind === undefined) return [];
    return feedingSources(kind, sources).map((fed) => `(${text(source.name)}, ${text(fed.name)})`);
  });
  if (pairs.length === 0) return `SELECT ${PARTITION}, standing, ${SHOWN} FROM judged`;
  return `, feeding AS (
  SELECT f.fed_source, j.target AS feed, j.partition_date AS feeding_date,
    max(CASE
      WHEN j.standing IN ('missing', 'held', 'incomplete', 'stale') THEN 3
      WHEN j.standing = 'suspicious' THEN 2
      WHEN j.standing = 'open' THEN 1
      ELSE 0
    END) AS doubt
  FROM judged j
  JOIN (VALUES ${pairs.join(', ')}) AS f (fed_source, feeding_source) ON f.feeding_source = j.source
  GROUP BY f.fed_source, j.target, j.partition_date
), feeds AS (
  SELECT DISTINCT fed_source AS source_of_feed, feed AS known_feed FROM feeding
), doubted AS (
  SELECT
    judged.*,
    CASE WHEN known_feed IS NULL OR ${now} < CAST(partition_date AS TIMESTAMP) THEN 0 ELSE coalesce(doubt, 3) END AS doubts
  FROM judged
  LEFT JOIN feeds ON source_of_feed = source AND known_feed = target
  LEFT JOIN feeding ON fed_source = source AND feed = target AND feeding_date = partition_date
)
SELECT
  ${PARTITION},
  CASE
    WHEN doubts = 3 AND standing IN ('suspicious', 'open', 'empty', 'complete') THEN 'incomplete'
    WHEN doubts = 2 AND standing IN ('open', 'empty', 'complete') THEN 'suspicious'
    WHEN doubts = 1 AND standing IN ('empty', 'complete') THEN 'open'
    ELSE standing
  END AS standing,
  ${SHOWN}
FROM doubted`;
}

/** The condition for tables of entities. */
function ofEntities(sources: readonly Source[]): string {
  return ofThose(sources, (source) => entityKindOf(source) !== undefined);
}

/** The condition for tables for which nothing is scraped. */
function ofDerived(sources: readonly Source[]): string {
  return ofThose(sources, (source) => !isScraped(source));
}

/** The condition for tables of pages that a model read. */
function ofExtractions(sources: readonly Source[]): string {
  return ofThose(sources, (source) => extractionOf(source) !== undefined);
}

/** The condition for sources whose targets are crawled one by one. */
function ofEvery(sources: readonly Source[]): string {
  return ofThose(sources, ({ cadence }) => cadence.kind === 'every');
}

function ofThose(sources: readonly Source[], isOne: (source: Source) => boolean): string {
  const names = sources.filter(isOne).map(({ name }) => text(name));
  return names.length === 0 ? '1 = 0' : `source IN (${names.join(', ')})`;
}

/** A literal of SQL. */
function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function suspiciousDates(sources: readonly Source[]): View {
  const minItems = sources.map(({ name, expect }) => `WHEN ${text(name)} THEN ${expect.minItems}`);
  const least = minItems.length === 0 ? '0' : `CASE source ${minItems.join(' ')} ELSE 0 END`;
  const all = 'PARTITION BY source, table_name, target';
  const weekday = `${all}, weekday`;
  return {
    name: 'v_suspicious_dates',
    description: `Dates with fewer items than max(minItems, mean - 2 stddev) of all other dates of the target, or of the others on the same day of the week where there are ${BASELINE_DAYS}. An empty date is believed unless the others make it improbable. Books differ in size: pages that a model read are left out.`,
    sql: `
WITH days AS (
  SELECT
    ${PARTITION}, items, rows, CAST(items AS DOUBLE) AS x, EXTRACT(DOW FROM partition_date) AS weekday,
    CASE WHEN items = 0 THEN 0 ELSE ${least} END AS floor_items
  FROM v_completeness
  WHERE standing NOT IN ('missing', 'held') AND NOT ${ofExtractions(sources)}
), others AS (
  SELECT
    ${PARTITION}, items, rows, floor_items,
    count(*) OVER (${all}) - 1 AS all_days,
    sum(x) OVER (${all}) - x AS all_sum,
    sum(x * x) OVER (${all}) - x * x AS all_squares,
    count(*) OVER (${weekday}) - 1 AS week_days,
    sum(x) OVER (${weekday}) - x AS week_sum,
    sum(x * x) OVER (${weekday}) - x * x AS week_squares
  FROM days
), baselines AS (
  SELECT
    ${PARTITION}, items, rows, floor_items,
    week_days >= ${BASELINE_DAYS} AS seasonal,
    CASE WHEN week_days >= ${BASELINE_DAYS} THEN week_days WHEN all_days >= ${BASELINE_DAYS} THEN all_days END AS days,
    CASE WHEN week_days >= ${BASELINE_DAYS} THEN week_sum ELSE all_sum END AS total,
    CASE WHEN week_days >= ${BASELINE_DAYS} THEN week_squares ELSE all_squares END AS squares
  FROM others
), measured AS (
  SELECT
    ${PARTITION}, items, rows, floor_items, seasonal, days, total / days AS usual,
    CASE WHEN squares > total * total / days THEN sqrt((squares - total * total / days) / (days - 1)) ELSE 0 END AS spread
  FROM baselines
), judged AS (
  SELECT
    ${PARTITION}, items, rows, seasonal, days, usual, spread,
    CASE WHEN days IS NOT NULL AND usual - 2 * spread > floor_items THEN usual - 2 * spread ELSE floor_items END AS threshold
  FROM measured
)
SELECT
  ${PARTITION}, items, rows, threshold,
  usual AS usual_items, CASE WHEN days IS NOT NULL THEN spread END AS usual_stddev, days AS baseline_days,
  days IS NOT NULL AND seasonal AS same_day_of_week
FROM judged
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
