import { isSkipped, minutesBetween, type TargetClaim, type TargetRecord } from './target.ts';

/** Between two crawls of one target, from the begin and from the end of the one before. Milliseconds. */
export const CRAWL_GAP_MS = 2 * 60_000;
/** After this a claim that its run has not renewed is taken for lost. Milliseconds. */
export const CRAWL_LEASE_MS = 30 * 60_000;

/** Why a target is not crawled now. */
export type ClaimRefusal = 'PAUSED' | 'SKIPPED' | 'CLAIMED' | 'TOO_RECENT';

export interface ClaimRequest {
  readonly runId: string;
  /** A fresh UUID. */
  readonly id: string;
  /** Milliseconds. */
  readonly now: number;
  /** Minutes between two crawls, as the source says. */
  readonly every: number;
}

export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly record: TargetRecord; readonly claim: TargetClaim }
  /** `until`: when to ask again, null where only a person changes it. `record`: as it is to be left. */
  | {
      readonly kind: 'refused';
      readonly record: TargetRecord;
      readonly reason: ClaimRefusal;
      readonly until: number | null;
    };

/**
 * Decides whether a run may crawl a target now. A run that has the claim already goes on with it, also where
 * the process that made it has died. The claim sets the next due time, so that a lost crawl strands nobody.
 */
export function judgeClaim(before: TargetRecord, request: ClaimRequest): ClaimAnswer {
  const { runId, id, now, every } = request;
  const record = believed(before, now);
  const { claim } = record;
  const refuse = (reason: ClaimRefusal, until: number | null): ClaimAnswer => ({
    kind: 'refused',
    record,
    reason,
    until,
  });
  if (record.status === 'paused') return refuse('PAUSED', null);
  // The flag that its own probe renewed keeps a run away as well.
  if (isSkipped(record, now)) return refuse('SKIPPED', record.skip!.expiresAt);
  if (claim?.runId === runId) {
    const renewed = { ...claim, until: now + CRAWL_LEASE_MS };
    return { kind: 'claimed', claim: renewed, record: { ...record, claim: renewed } };
  }
  if (claim && claim.until > now) return refuse('CLAIMED', claim.until);
  const openAt = Math.max(record.lastCrawlAt ?? -Infinity, record.releasedAt ?? -Infinity) + CRAWL_GAP_MS;
  if (openAt > now) return refuse('TOO_RECENT', openAt);
  // The flag has expired: else it was refused above.
  const isProbe = record.skip !== null;
  const until = now + CRAWL_LEASE_MS;
  const { nextCrawlAt: dueAt, lastCrawlAt: previousAt } = record;
  const made: TargetClaim = { id, runId, at: now, until, isProbe, dueAt, previousAt };
  const nextCrawlAt = now + minutesBetween(record, every) * 60_000;
  return { kind: 'claimed', claim: made, record: { ...record, claim: made, lastCrawlAt: now, nextCrawlAt } };
}

/**
 * The record without times that no clock can have shown yet, because one ran ahead when they were written:
 * each counts as now, so that the gap holds from here and nobody waits for a time that may never come.
 */
export function believed(record: TargetRecord, now: number): TargetRecord {
  const { claim, lastCrawlAt, releasedAt } = record;
  // Clocks of two machines differ a little, and that is no reason to write.
  const isAhead = (at: number | null) => at !== null && at > now + CRAWL_GAP_MS;
  // Its run may have renewed it while the clock was ahead, not only made it.
  const isClaimAhead = claim !== null && isAhead(claim.until - CRAWL_LEASE_MS);
  if (!isAhead(lastCrawlAt) && !isAhead(releasedAt) && !isClaimAhead) return record;
  const atMost = (at: number | null) => (isAhead(at) ? now : at);
  return {
    ...record,
    lastCrawlAt: atMost(lastCrawlAt),
    releasedAt: atMost(releasedAt),
    nextCrawlAt: record.nextCrawlAt === null ? null : now,
    claim: isClaimAhead ? { ...claim, at: Math.min(claim.at, now), until: now + CRAWL_LEASE_MS } : claim,
  };
}
