import type { Source } from '../source/source.ts';
import { ofEvery, ofExtractions, text } from './source-conditions.ts';
import { BASELINE_DAYS, TOLERATED_LOSS } from './statistics.ts';
import { PARTITION } from './view.ts';

/**
 * `findSuspicious` in SQL: the queries `days` to `thresholds` of a WITH, of which the last has for each
 * partition the number of items under which it is suspicious. `from`: partitions with `items`, `rows` and
 * `standing`; `isOver`: the condition for those whose day was over when they were refreshed.
 */
export function suspiciousDays(sources: readonly Source[], from: string, isOver: string): string {
  const minItems = sources.map(({ name, expect }) => `WHEN ${text(name)} THEN ${expect.minItems}`);
  const least = minItems.length === 0 ? '0' : `CASE source ${minItems.join(' ')} ELSE 0 END`;
  const all = 'PARTITION BY source, table_name, target';
  const weekday = `${all}, weekday`;
  return `days AS (
  SELECT
    ${PARTITION}, items, rows, CAST(items AS DOUBLE) AS x, EXTRACT(DOW FROM partition_date) AS weekday,
    CASE WHEN items = 0 THEN 0 ELSE ${least} END AS floor_items
  FROM ${from}
  WHERE standing NOT IN ('missing', 'held') AND ${isOver}
    AND NOT (${ofExtractions(sources)}) AND NOT (${ofEvery(sources)})
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
), tolerant AS (
  SELECT *, usual - (${TOLERATED_LOSS}) AS probable FROM measured
), thresholds AS (
  SELECT
    ${PARTITION}, items, rows, seasonal, days, usual, spread,
    CASE WHEN days IS NOT NULL AND probable > floor_items THEN probable ELSE floor_items END AS threshold
  FROM tolerant
)`;
}
