import type { SkipFlag, TargetRecord } from './target.ts';

/** A flag is never renewed for longer than this: 90 days in milliseconds. */
const LONGEST_MS = 90 * 86_400_000;

/** A flag to set: why, by whom, and for how many minutes; without those until a person lifts it. */
export interface FlagRequest {
  readonly reason: string;
  readonly actor: string;
  /** Milliseconds. */
  readonly at: number;
  readonly minutes?: number;
}

/** Flags a target by hand: replaces whatever flag there is. */
export function flagged(record: TargetRecord, request: FlagRequest): TargetRecord {
  const { reason, actor, at, minutes } = request;
  const lastsMs = minutes === undefined ? null : minutes * 60_000;
  const expiresAt = lastsMs === null ? null : at + lastsMs;
  return { ...record, skip: { reason, actor, since: at, expiresAt, lastsMs } };
}

/** Flags a target by itself: whoever is flagged already, by hand or not, stays as it is. */
export function autoFlagged(record: TargetRecord, request: FlagRequest): TargetRecord {
  return record.skip ? record : flagged(record, request);
}

/** Lifts a flag, with the counts that led to it; what was tried before `at` leads to no other. */
export function unflagged(record: TargetRecord, at: number): TargetRecord {
  if (!record.skip) return record;
  return { ...record, skip: null, consecutiveBlocks: 0, consecutiveNotFound: 0, unflaggedAt: at };
}

/** The flag after a probe that met a wall: reason and actor stay, and it holds twice as long as before. */
export function renewedFlag(skip: SkipFlag, at: number): SkipFlag {
  const before = skip.lastsMs ?? Math.max(0, (skip.expiresAt ?? at) - skip.since);
  const lastsMs = Math.min(Math.max(before, 60_000) * 2, LONGEST_MS);
  return { ...skip, expiresAt: at + lastsMs, lastsMs };
}

/** The record with a flag that an attempt raised or renewed; another one that came first stays. */
export function withRaised(record: TargetRecord, raised: SkipFlag): TargetRecord {
  const { skip } = record;
  if (!skip) return { ...record, skip: raised };
  const isLater = skip.since === raised.since && (raised.expiresAt ?? 0) > (skip.expiresAt ?? Infinity);
  return isLater ? { ...record, skip: raised } : record;
}
