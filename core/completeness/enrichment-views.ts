import type { View } from './view.ts';

export const ENRICHMENT_DAILY: View = {
  name: 'v_enrichment_daily',
  description:
    'What was enriched of each kind on each day of UTC: records that were valid (enriched) and those that were not (failed), those that were parked because what they refer to is not there, and dead letters. As of the last publication of entities.',
  sql: `
WITH ranked AS (
  SELECT
    kind, day, enriched, failed, parked, dead, recorded_at,
    row_number() OVER (PARTITION BY kind, day ORDER BY recorded_at DESC, processed DESC) AS recency
  FROM enrichments
)
SELECT kind, day, enriched, failed, parked, dead, recorded_at
FROM ranked
WHERE recency = 1`,
};
