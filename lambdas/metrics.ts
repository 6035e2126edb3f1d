/**
 * What is counted, in the namespace `Rescrape`. Of pages, with the dimensions `service` (the function) and
 * `source`: `Attempts` (and `outcome`: one code of `core/outcome`), `Pages` (answered with content),
 * `Retries` (tries after the first), `Bytes` (over the wire; all else are counts), `Partitions` (and `status`
 * as publish answered), `Rows`.
 *
 * Those of targets have the dimensions `stage` and `source` alone, because alarms watch them whichever
 * function counts: `Crawls` (that ended), `CrawlsOrNoneDue` (those, and each look of the schedule that found
 * nothing due), `TargetsFailed` (that became `failed`), `TargetsLeftOut` (that a run left as they are).
 *
 * With the dimension `stage` alone, once for each publication of entities that came to its end:
 * `LongestParked`, the seconds since the record was parked that has waited longest, 0 where none waits.
 *
 * With the dimensions `stage` and `queue`, for each batch of messages that Lambda delivers: `OldestMessage`,
 * the seconds since the oldest of them was sent. SQS's own age of the oldest message leaves out what was
 * received more than three times, which is just what is stuck.
 */
export const NAMESPACE = 'Rescrape';

/** Metrics that alarms watch. */
export type TargetMetric = 'Crawls' | 'CrawlsOrNoneDue' | 'TargetsFailed' | 'TargetsLeftOut';
export type EnrichmentMetric = 'LongestParked';
export type QueueMetric = 'OldestMessage';
