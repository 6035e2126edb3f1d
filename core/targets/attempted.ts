import { INDEX_ID } from '../lake/log-tables.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { DISPOSITIONS, type VerdictPolicy, verdictFor } from '../outcome/policy.ts';
import { renewedFlag } from './flags.ts';
import { isExpired, type SkipFlag, type TargetRecord } from './target.ts';

const DAY_MS = 86_400_000;

/**
 * The record before attempts are counted that were made at `times`, the last look among them at `lastLookAt`.
 * Where that look had to be put after its own time, a clock ran ahead before: times that it left do not hide
 * the new ones. Milliseconds.
 */
export function lookedAtLast(
  record: TargetRecord,
  lastLookAt: number,
  times: readonly number[],
): TargetRecord {
  const next = { ...record, lastLookAt: Math.max(record.lastLookAt, lastLookAt) };
  if (lastLookAt <= Math.max(...times)) return next;
  const first = Math.min(...times);
  const believed = (at: number | null) => (at === null ? null : Math.min(at, first));
  return {
    ...next,
    lastAttemptAt: believed(record.lastAttemptAt),
    lastSuccessAt: believed(record.lastSuccessAt),
    lastFailureAt: believed(record.lastFailureAt),
  };
}

/**
 * What an attempt at an item, or at `INDEX_ID`, does to the record, and the flag that it raises where a
 * threshold is reached. An index that could be read ends no streak: it is there every day, also where none of
 * the pages that it lists is. A wall behind a flag that has expired renews it for twice as long; no attempt
 * replaces a flag.
 */
export function afterAttempt(
  record: TargetRecord,
  outcome: Outcome,
  at: number,
  policy: VerdictPolicy,
  itemId: string,
): TargetRecord {
  const { counts } = DISPOSITIONS[outcome.code];
  const success = counts === 'success';
  const endsStreaks = success && itemId !== INDEX_ID;
  const isLastFailure = !success && at >= (record.lastFailureAt ?? 0);
  const isNotFound = counts === 'not-found' && countsAsNotFound(record, itemId, at);
  const consecutiveNotFound = record.consecutiveNotFound + (isNotFound ? 1 : 0);
  return {
    ...record,
    consecutiveBlocks: endsStreaks ? 0 : record.consecutiveBlocks + (counts === 'block' ? 1 : 0),
    consecutiveNotFound: endsStreaks ? 0 : consecutiveNotFound,
    lastNotFoundAt: isNotFound ? Math.max(record.lastNotFoundAt ?? 0, at) : record.lastNotFoundAt,
    totalAttempts: record.totalAttempts + 1,
    totalSuccesses: record.totalSuccesses + (success ? 1 : 0),
    // Partitions are finalized in any order: what is last is told by the clock.
    lastAttemptAt: Math.max(record.lastAttemptAt ?? 0, at),
    lastSuccessAt: success ? Math.max(record.lastSuccessAt ?? 0, at) : record.lastSuccessAt,
    lastFailureAt: isLastFailure ? at : record.lastFailureAt,
    lastErrorCode: isLastFailure ? outcome.code : record.lastErrorCode,
    // `verdictFor` adds the attempt that it judges: one that does not count is taken off before.
    skip: flagAfter({ ...record, consecutiveNotFound: consecutiveNotFound - 1 }, outcome, at, policy),
  };
}

/**
 * True where a page that is not there says something of its target: each time where it is the page of the
 * target itself, which its index is too, and once a day (UTC) where it is one of its items. Four dead links
 * of one list are four items that are missing, and no target that is gone.
 */
function countsAsNotFound(
  { target, lastNotFoundAt }: Pick<TargetRecord, 'target' | 'lastNotFoundAt'>,
  itemId: string,
  at: number,
): boolean {
  if (itemId === INDEX_ID || itemId === target) return true;
  return lastNotFoundAt === null || Math.floor(at / DAY_MS) > Math.floor(lastNotFoundAt / DAY_MS);
}

function flagAfter(
  record: TargetRecord,
  outcome: Outcome,
  at: number,
  policy: VerdictPolicy,
): SkipFlag | null {
  const { skip } = record;
  const decision = verdictFor(outcome, policy, record);
  const isShut = decision.verdict === 'skip';
  if (skip) {
    const isWall = isShut || DISPOSITIONS[outcome.code].counts === 'block';
    return isWall && isExpired(skip, at) ? renewedFlag(skip, at) : skip;
  }
  // A flag that was lifted after this attempt was made is not raised by it again.
  if (!isShut || (record.unflaggedAt !== null && at < record.unflaggedAt)) return null;
  return { reason: decision.flag, actor: 'rescrape', since: at, expiresAt: null, lastsMs: null };
}
