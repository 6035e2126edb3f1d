import { leastOffset } from '../calendar/window.ts';
import { entityKindOf } from '../source/derived.ts';
import type { Source } from '../source/source.ts';
import { PENDING_DAYS } from './date-status.ts';
import { feedingSources } from './feeding-sources.ts';
import { ofDerived, ofEntities, ofEvery, ofExtractions, text } from './source-conditions.ts';
import { PARTITION, type View } from './view.ts';

/** Columns that commits of before they were kept lack. */
const LISTED = ['items_pending', 'items_abandoned', 'items_void', 'items_withdrawn'];

/** The column of the status is called `standing` for the sake of statements that people have saved. */
export function completenessView(sources: readonly Source[], now: string): View {
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
