import { leastOffset } from '../calendar/window.ts';
import { entityKindOf } from '../source/derived.ts';
import type { Source } from '../source/source.ts';
import { PENDING_DAYS } from './date-status.ts';
import { feedingSources } from './feeding-sources.ts';
import { ofDerived, ofEntities, ofEvery, ofExtractions, text } from './source-conditions.ts';
import { suspiciousDays } from './suspicious-days.ts';
import { PARTITION, type View } from './view.ts';

/** Columns that commits of before they were kept lack. */
const LISTED = ['items_pending', 'items_abandoned', 'items_void', 'items_withdrawn'];

/** True where a partition was published since a crawl of its day failed: unless items lack, it was healed. */
const HEALED = 'refreshed_at > targets_failed_at';
/** Of what was decided about one partition, the last first. */
const LAST_FIRST = 'place DESC, recorded_at DESC, run_id DESC';
const OF_PARTITION = `PARTITION BY ${PARTITION}`;
/** Before every time. */
const NEVER = `TIMESTAMP '1970-01-01 00:00:00'`;

/** The condition for partitions whose day is over, and was when they were refreshed. */
export function seenOver(sources: readonly Source[], now: string): string {
  const isLate = `(${ofDerived(sources)} OR coalesce(refreshed_at, recorded_at) >= day_over_at)`;
  return `${now} >= day_over_at AND ${isLate}`;
}

/** The column of the status is called `standing` for the sake of statements that people have saved. */
export function completenessView(sources: readonly Source[], now: string): View {
  return {
    name: 'v_completeness',
    description: `Every partition as its last commit on record left it: its status (column standing), items and rows. The status is the one that "rescrape completeness" gives it, as far as these tables know. Held where a version waits, whatever failed since; incomplete where items failed or several have the same rows, where targets were due that day and nobody crawled them, crawled them in vain or published them, and ${PENDING_DAYS} days after its day where items still have no result; stale where its last refresh failed, or the last run that covered it left it out; suspicious where the index took away items that had rows, or lists improbably few; open where items have no result yet, or its day was not over when it was refreshed, or nothing tells which targets were due. A date of a table of entities is no better than that of the source whose records feed it. Of pages that a model reads those that have no result yet are pending, however old the book, and those that will have none without a person are failed. For the figures of a period, aggregate items over it. Damaged files, records on their way, runs that never came to their end and sources that are crawled no more are known to "rescrape completeness" alone.`,
    // The zones of all sources are looked up for it, which takes longer than most statements.
    get sql() {
      return completenessSql(sources, now);
    },
  };
}

function completenessSql(sources: readonly Source[], now: string): string {
  const isUnmeasured = `(${ofEvery(sources)} OR ${ofDerived(sources)})`;
  return `
WITH decisions AS (
  SELECT
    ${PARTITION}, status, version, items_expected, items_found, items_empty, items_carried, items_failed,
    ${LISTED.map((name) => `coalesce(${name}, 0) AS ${name}`).join(', ')}, rows, reason, run_id, recorded_at,
    coalesce(items_repeated, 0) AS items_repeated, coalesce(standing_order, 0) AS place,
    coalesce(settled_run, 0) AS settled,
    coalesce(fresh, status IN ('committed', 'unchanged') AND actor IN ('run', 'publication')) AS is_fresh,
    coalesce(day_over_at, CAST(partition_date AS TIMESTAMP) + (${minutesOfDay(sources)}) * INTERVAL '1' MINUTE) AS day_over_at
  FROM commits
), ranked AS (
  SELECT
    *, row_number() OVER (${OF_PARTITION} ORDER BY ${LAST_FIRST}) AS recency,
    first_value(status) OVER (${OF_PARTITION} ORDER BY CASE WHEN status = 'failed' THEN 1 ELSE 0 END, ${LAST_FIRST})
      AS decided_status,
    first_value(version) OVER (${OF_PARTITION} ORDER BY CASE WHEN status = 'failed' AND version IS NULL THEN 1 ELSE 0 END, ${LAST_FIRST})
      AS current_version,
    max(CASE WHEN is_fresh THEN recorded_at END) OVER (${OF_PARTITION}) AS refreshed_at,
    max(settled) OVER (${OF_PARTITION}) AS settled_run
  FROM decisions
), counted AS (
  SELECT
    *, items_found + items_empty + items_carried + items_pending + items_abandoned + items_void AS items,
    greatest(coalesce(refreshed_at, ${NEVER}), CASE WHEN status IN ('accepted', 'rejected') THEN recorded_at ELSE ${NEVER} END)
      AS settled_at
  FROM ranked
  WHERE recency = 1
), last_runs AS (
  SELECT
    c.source AS run_source, c.table_name AS run_table, c.target AS run_target, c.partition_date AS run_partition,
    max(coalesce(r.sequence, 0)) AS last_run, max(r.started_at) AS last_run_at
  FROM counted c
  JOIN runs r ON r.source = c.source AND c.partition_date BETWEEN r.window_start AND r.window_end
    AND (r.partition_values IS NULL OR strpos(r.partition_values, ${jsonOf('c.target')}) > 0)
  GROUP BY c.source, c.table_name, c.target, c.partition_date
), of_day AS (
  SELECT
    source AS of_source, partition_value, "date" AS due_date,
    count(*) FILTER (WHERE due_that_day AND NOT crawled_that_day) AS targets_uncrawled,
    count(*) FILTER (WHERE day_status = 'found') AS targets_found,
    count(*) FILTER (WHERE day_status = 'failed') AS targets_failed,
    max(CASE WHEN day_status = 'failed' THEN last_crawl_ended_at END) AS targets_failed_at
  FROM targets
  WHERE ${ofEvery(sources)}
  GROUP BY source, partition_value, "date"
), joined AS (
  SELECT
    counted.*, coalesce(targets_uncrawled, 0) AS targets_uncrawled, targets_found IS NULL AS targets_unknown,
    CASE WHEN ${HEALED} THEN 0 ELSE coalesce(targets_failed, 0) END AS targets_failed,
    coalesce(targets_found, 0) + CASE WHEN ${HEALED} THEN targets_failed ELSE 0 END AS targets_found,
    coalesce(CASE WHEN last_run > 0 AND settled_run > 0 THEN settled_run < last_run ELSE settled_at < last_run_at END, false)
      AS left_out
  FROM counted
  LEFT JOIN of_day ON of_source = source AND partition_value = target AND due_date = partition_date
  LEFT JOIN last_runs ON run_source = source AND run_table = table_name AND run_target = target AND run_partition = partition_date
), alone AS (
SELECT
  ${PARTITION}, day_over_at,
  CASE
    WHEN current_version IS NULL THEN 'missing'
    WHEN decided_status = 'held' THEN 'held'
    WHEN items_failed > 0 OR items_repeated > 0 OR targets_failed > 0 THEN 'incomplete'
    WHEN ${now} >= day_over_at AND (targets_uncrawled > 0 OR targets_found > items) THEN 'incomplete'
    WHEN items_pending > 0 AND NOT ${ofExtractions(sources)} AND ${now} >= day_over_at + INTERVAL '${PENDING_DAYS}' DAY THEN 'incomplete'
    WHEN status = 'failed' OR (left_out AND NOT ${isUnmeasured}) THEN 'stale'
    WHEN items_withdrawn > 0 THEN 'suspicious'
    WHEN items_pending > 0 THEN 'open'
    WHEN ${ofEvery(sources)} AND (${now} < day_over_at OR targets_unknown) THEN 'open'
    WHEN ${ofDerived(sources)} AND ${now} < day_over_at THEN 'open'
    WHEN NOT ${isUnmeasured} AND NOT (${seenOver(sources, now)}) THEN 'open'
    WHEN items = 0 OR (${ofEntities(sources)} AND items_found + items_carried = 0) THEN 'empty'
    ELSE 'complete'
  END AS standing,
  items_expected, items, items_found, items_empty, items_carried, items_failed, ${LISTED.join(', ')}, rows,
  current_version AS version, status AS last_status, reason, run_id AS last_run_id, recorded_at, refreshed_at,
  targets_uncrawled
FROM joined
), ${suspiciousDays(sources, 'alone', seenOver(sources, now))}, judged AS (
  SELECT
    a.source, a.table_name, a.target, a.partition_date, a.day_over_at,
    CASE WHEN a.standing IN ('open', 'empty', 'complete') AND t.items < t.threshold THEN 'suspicious' ELSE a.standing END
      AS standing,
    ${JUDGED.map((name) => `a.${name}`).join(', ')}
  FROM alone a
  LEFT JOIN thresholds t
    ON t.source = a.source AND t.table_name = a.table_name AND t.target = a.target AND t.partition_date = a.partition_date
)
${judgedByFeeding(sources, now)}`;
}

/**
 * Minutes from midnight in UTC until a date is over, of rows that do not say when: engines do not agree on
 * time zones, so it is the latest moment of the year.
 */
function minutesOfDay(sources: readonly Source[]): string {
  const minutes = sources.map(
    ({ name, timeZone }) => `WHEN ${text(name)} THEN ${1440 - leastOffset(timeZone)}`,
  );
  return minutes.length === 0 ? '1440' : `CASE source ${minutes.join(' ')} ELSE 1440 END`;
}

/** A text as it is written in JSON. */
function jsonOf(column: string): string {
  return `concat('"', replace(replace(${column}, '\\', '\\\\'), '"', '\\"'), '"')`;
}

const JUDGED = [
  ...['items_expected', 'items', 'items_found', 'items_empty', 'items_carried', 'items_failed', ...LISTED],
  ...['rows', 'version', 'last_status', 'reason', 'last_run_id', 'recorded_at', 'refreshed_at'],
  'targets_uncrawled',
];
const SHOWN = [...JUDGED, 'day_over_at'].join(', ');

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
