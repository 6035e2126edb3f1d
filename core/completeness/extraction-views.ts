import type { View } from './view.ts';

export const EXTRACTION_PROGRESS: View = {
  name: 'v_extraction_progress',
  description:
    'How far each book is that a model reads: labelled pages, those with a result (done), in a batch (in_flight), waiting for the page before, to be sent next (runnable), failed as often as they may (exhausted), without an image; tokens and US dollars of the results that are there. As of the last publication of its extraction. What failed answers cost is in the batches.',
  sql: `
WITH ranked AS (
  SELECT
    extraction, state, school, year, pages, done, in_flight, waiting, runnable, exhausted, no_image,
    input_tokens, output_tokens, cost_usd, recorded_at,
    row_number() OVER (PARTITION BY extraction, state, school, year ORDER BY recorded_at DESC, run_id DESC) AS recency
  FROM extraction_books
)
SELECT
  extraction, state, school, year, pages, done, in_flight, waiting, runnable, exhausted, no_image,
  input_tokens, output_tokens, cost_usd, recorded_at
FROM ranked
WHERE recency = 1 AND pages > 0`,
};
