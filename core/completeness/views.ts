import type { Source } from '../source/source.ts';
import { attemptViews } from './attempt-views.ts';
import { commitViews } from './commit-views.ts';
import { ENRICHMENT_DAILY } from './enrichment-views.ts';
import { EXTRACTION_PROGRESS } from './extraction-views.ts';
import { targetViews } from './target-views.ts';
import type { View } from './view.ts';

/** The engine's own clock. */
const ENGINE_NOW = "CAST(current_timestamp AT TIME ZONE 'UTC' AS TIMESTAMP)";

/**
 * The views over `attempts`, `commits`, `runs`, `targets`, `enrichments` and `extraction_books`, each after
 * those that it reads.
 *
 * One text for both engines, so only what DuckDB and Trino agree on: no median, no calendar function, no
 * named window; integers are made DOUBLE before they are divided; "now" is an instant cut down to UTC,
 * whatever the zone of the session. All times are UTC. The tables are those of `core/lake/log-tables`,
 * partitioned by `run_date` (DATE), the UTC date on which the run began: views that look back some days
 * filter by it, so that Athena reads those days only. The least number of items of each source is part of the
 * text. `now`: the instant from which they look back, as SQL.
 */
export function viewsOf(sources: readonly Source[], now = ENGINE_NOW): readonly View[] {
  return [
    ...commitViews(sources, now),
    ...targetViews(now),
    ...attemptViews(now),
    ENRICHMENT_DAILY,
    EXTRACTION_PROGRESS,
  ];
}
