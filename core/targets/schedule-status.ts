import type { NotReady, Source } from '../source/source.ts';
import { judgeClaim } from './claim.ts';
import { isSkipped, type TargetRecord } from './target.ts';

const NOT_READY = [
  'NEEDS_URL',
  'NEEDS_DETECTION',
  'NEEDS_PLATFORM_ID',
] as const satisfies readonly NotReady[];

/** How a target stands with the schedule of its source; the first that holds. */
export const SCHEDULE_STATUSES = [
  ...(['FAILED', 'PAUSED', 'SKIPPED', 'DEGRADED'] as const),
  ...NOT_READY,
  ...(['NOT_SCHEDULED', 'DUE', 'SCHEDULED'] as const),
] as const;
export type ScheduleStatus = (typeof SCHEDULE_STATUSES)[number];

/** Why a target is not part of a plan. */
export type LeftOutReason =
  | 'FAILED'
  | 'PAUSED'
  | 'SKIPPED'
  | NotReady
  /** It is not due yet. */
  | 'SCHEDULED'
  /** Less than two minutes have passed since its last crawl. */
  | 'TOO_RECENT'
  /** Another run is at it. */
  | 'CLAIMED'
  /** So many targets of its partition value are due that it goes with the next run. */
  | 'NEXT_RUN';

/** What a target waits for before it can be asked; undefined where it is ready. */
export function notReady(
  { register }: Pick<Source, 'register'>,
  { target, attributes }: Pick<TargetRecord, 'target' | 'attributes'>,
): NotReady | undefined {
  const answer = register?.ready?.({ id: target, attributes: attributes ?? {} }) ?? true;
  if (answer === true) return undefined;
  return answer === false ? 'NEEDS_URL' : answer;
}

/** True where a target is left out for something that its source can look up. */
export function canLookUp({ register }: Pick<Source, 'register'>, reason: string | undefined): boolean {
  return register?.lookUp !== undefined && NOT_READY.some((each) => each === reason);
}

/** `now`: milliseconds. */
export function scheduleStatus(
  source: Pick<Source, 'register'>,
  record: TargetRecord,
  now: number,
): ScheduleStatus {
  const { status, nextCrawlAt } = record;
  if (status === 'failed') return 'FAILED';
  if (status === 'paused') return 'PAUSED';
  if (isSkipped(record, now)) return 'SKIPPED';
  if (status === 'degraded') return 'DEGRADED';
  const waits = notReady(source, record);
  if (waits) return waits;
  if (nextCrawlAt === null) return 'NOT_SCHEDULED';
  return nextCrawlAt <= now ? 'DUE' : 'SCHEDULED';
}

/** True where a target may be crawled again, as far as its time goes; milliseconds. */
function isDueAt({ nextCrawlAt }: Pick<TargetRecord, 'nextCrawlAt'>, now: number): boolean {
  return nextCrawlAt === null || nextCrawlAt <= now;
}

/** Why a target of a source `every` is not crawled now, and until when; undefined where it is. */
export function leftOutOf(
  source: Pick<Source, 'register'>,
  record: TargetRecord,
  { now, every, all }: { readonly now: number; readonly every: number; readonly all: boolean },
): { readonly reason: LeftOutReason; readonly until: number | null } | undefined {
  if (record.status === 'failed') return { reason: 'FAILED', until: null };
  const claim = judgeClaim(record, { now, every, id: '', runId: '' });
  // What a person can change is told before what passes by itself.
  if (claim.kind === 'refused' && (claim.reason === 'PAUSED' || claim.reason === 'SKIPPED')) return claim;
  const waits = notReady(source, record);
  if (waits) return { reason: waits, until: null };
  const { nextCrawlAt } = claim.kind === 'claimed' ? record : claim.record;
  if (!all && !isDueAt({ nextCrawlAt }, now)) return { reason: 'SCHEDULED', until: nextCrawlAt };
  return claim.kind === 'refused' ? claim : undefined;
}
