import { isSkipped, type TargetRecord } from './target.ts';

const DAY_MS = 86_400_000;

/** How the targets of a source are, in numbers, under the names of `v_crawl_health`. */
export interface CrawlHealth {
  readonly targets: number;
  readonly active_crawlers: number;
  readonly degraded_crawlers: number;
  readonly paused_crawlers: number;
  readonly failed_crawlers: number;
  /** Flags that have not expired. */
  readonly skipped: number;
  /** A run would crawl them now. */
  readonly due_now: number;
  /** Their last crawl failed. */
  readonly targets_with_failures: number;
  /** Mean over all, two decimals. */
  readonly avg_consecutive_failures: number;
  readonly successful_last_24h: number;
}

/** `now`: milliseconds. */
export function crawlHealth(
  targets: readonly { readonly record: TargetRecord; readonly isDue: boolean }[],
  now: number,
): CrawlHealth {
  const count = (holds: (record: TargetRecord) => boolean) =>
    targets.filter(({ record }) => holds(record)).length;
  const ofStatus = (status: TargetRecord['status']) => count((record) => record.status === status);
  const failures = targets.reduce((sum, { record }) => sum + record.consecutiveFailures, 0);
  return {
    targets: targets.length,
    active_crawlers: ofStatus('active'),
    degraded_crawlers: ofStatus('degraded'),
    paused_crawlers: ofStatus('paused'),
    failed_crawlers: ofStatus('failed'),
    skipped: count((record) => isSkipped(record, now)),
    due_now: targets.filter(({ isDue }) => isDue).length,
    targets_with_failures: count(({ consecutiveFailures }) => consecutiveFailures > 0),
    avg_consecutive_failures: targets.length === 0 ? 0 : Math.round((failures / targets.length) * 100) / 100,
    successful_last_24h: count(({ lastSuccessAt }) => lastSuccessAt !== null && lastSuccessAt > now - DAY_MS),
  };
}
