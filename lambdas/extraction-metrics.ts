/**
 * What is counted of an extraction, in the namespace `Rescrape`, with the dimensions `stage` and
 * `extraction`: pages that got a result (`PagesExtracted`), tries that gave none (`PagesFailed`), pages that
 * have used up theirs (`PagesExhausted`), everything that a provider refused, broke off or could not do
 * (`ProviderErrors`), and how long the oldest batch has been in flight (`OldestBatchSeconds`; nothing where
 * there is none).
 */
export type ExtractionMetric =
  | 'PagesExtracted'
  | 'PagesFailed'
  | 'PagesExhausted'
  | 'ProviderErrors'
  | 'OldestBatchSeconds';
