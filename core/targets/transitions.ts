import type { OutcomeCode } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import { unflagged } from './flags.ts';
import { isExpired, minutesBetween, type TargetRecord } from './target.ts';

/** Failed crawls in a row after which a target is degraded, and after which it is failed. */
export const DEGRADED_AFTER = 3;
export const FAILED_AFTER = 10;
/** The longest backoff: so many times the frequency of a target. */
export const MAX_BACKOFF = 16;

/** The longest that a target waits after a crawl that failed through no fault of its own; minutes. */
const COOL_DOWN_MINUTES = 45;

/** How a crawl ended. */
export interface CrawlEnd {
  /** Of its worst item; null where nothing was asked. */
  readonly code: OutcomeCode | null;
  /** Null where it is not known, as of a page that did not change. */
  readonly records: number | null;
  /** What failed was no matter of the target: a proxy, or a service on the way. @default false */
  readonly isOthers?: boolean;
  /** Milliseconds. */
  readonly at: number;
  /** Minutes between two crawls, as the source says. */
  readonly every: number;
  /** Of the partition that it was for. */
  readonly date: string;
}

/**
 * What the end of a crawl does to the record of its target, whose claim it ends. Where nothing was asked, the
 * target is due again at once, and nothing else has happened to it. A crawl that failed through no fault of
 * the target counts against nobody, and is made again soon.
 */
export function afterCrawl(record: TargetRecord, end: CrawlEnd): TargetRecord {
  const { code, records, isOthers = false, at, every, date } = end;
  const free = { ...record, claim: null, releasedAt: at };
  if (code === null) return { ...free, nextCrawlAt: at };
  const isWhole = DISPOSITIONS[code].counts === 'success';
  const { lastCrawl, claim } = record;
  // A retry of an item of an earlier date says nothing of the last one.
  const isOld = lastCrawl !== null && lastCrawl.date > date;
  const before = { dueAt: claim?.dueAt ?? null, previousAt: claim?.previousAt ?? null };
  const crawled = { ...free, lastCrawl: isOld ? lastCrawl : { date, code, ...before } };
  if (isOthers && !isWhole) {
    const minutes = Math.min(COOL_DOWN_MINUTES, minutesBetween(crawled, every));
    return { ...crawled, nextCrawlAt: at + minutes * 60_000 };
  }
  const next = isWhole ? whole(crawled, records) : failed(crawled, code, at);
  const dueAt = at + minutesBetween(next, every) * 60_000;
  const { skip } = next;
  // A flag that was set meanwhile is about something else.
  const isPassed = isWhole && record.claim?.isProbe && skip && isExpired(skip, at);
  return { ...(isPassed ? unflagged(next, at) : next), nextCrawlAt: dueAt };
}

/** How a look-up of what a target lacks ended. */
export interface LookUpEnd {
  /** Whose claim it had. */
  readonly runId: string;
  /** What is known of the target now; null of one that is not registered any more. */
  readonly attributes: TargetRecord['attributes'];
  /** Where the site does not know the target: what it says. */
  readonly unknown: string | null;
  /** False where it was stopped before its first request: nobody has to wait for two minutes then. */
  readonly isAsked: boolean;
  /** The last request was answered as it should be. */
  readonly isWell: boolean;
  /** Milliseconds. */
  readonly at: number;
}

/**
 * What the end of a look-up does to the record of its target, whose claim it ends. It was no crawl: when the
 * target was crawled last and is due next is as it was.
 */
export function afterLookUp(record: TargetRecord, end: LookUpEnd): TargetRecord {
  const { runId, attributes, unknown: message, isAsked, isWell, at } = end;
  const { skip } = record;
  // Whoever has taken over a claim that ran out ends it.
  const claim = record.claim?.runId === runId ? record.claim : null;
  const next: TargetRecord = {
    ...record,
    attributes,
    unknownLookUp: message === null || !attributes ? null : { at, message, attributes },
    ...(claim && { claim: null, lastCrawlAt: claim.previousAt, nextCrawlAt: claim.dueAt }),
    ...(claim && isAsked && { releasedAt: at }),
  };
  const isPassed = isWell && claim?.isProbe && skip && isExpired(skip, at);
  return isPassed ? unflagged(next, at) : next;
}

function whole(record: TargetRecord, records: number | null): TargetRecord {
  return { ...record, ...working(record), recordCount: records ?? record.recordCount };
}

function working({ status }: TargetRecord) {
  return {
    status: status === 'paused' ? status : ('active' as const),
    backoffMultiplier: 1,
    consecutiveFailures: 0,
    failedAt: null,
    failureNotes: null,
  };
}

function failed(record: TargetRecord, code: OutcomeCode, at: number): TargetRecord {
  const failures = record.consecutiveFailures + 1;
  const counted: TargetRecord = {
    ...record,
    consecutiveFailures: failures,
    backoffMultiplier: Math.min(record.backoffMultiplier * 2, MAX_BACKOFF),
  };
  if (record.status === 'paused' || failures < DEGRADED_AFTER) return counted;
  if (failures < FAILED_AFTER) return { ...counted, status: 'degraded' };
  const failureNotes = `${failures} failed crawls in a row, the last with ${code}`;
  return { ...counted, status: 'failed', failedAt: record.failedAt ?? at, failureNotes };
}

/** Nobody crawls it until a person resumes it. */
export function paused(record: TargetRecord): TargetRecord {
  return { ...record, status: 'paused' };
}

/** A person takes a target back that was paused, degraded or failed: as one that works, due now. */
export function resumed(record: TargetRecord, at: number): TargetRecord {
  if (record.status === 'active') return record;
  return { ...record, ...working({ ...record, status: 'active' }), nextCrawlAt: at };
}

/** What a person may set; what is left out stays. */
export interface TargetSettings {
  readonly name?: string | null;
  readonly crawlFrequencyMinutes?: number | null;
  readonly maxRetries?: number | null;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** The record with other settings; a new frequency counts from the last crawl. `every`: of the source. */
export function withSettings(record: TargetRecord, settings: TargetSettings, every: number): TargetRecord {
  const { attributes, ...rest } = settings;
  const next = { ...record, ...rest, ...(attributes && { attributes: { ...attributes } }) };
  if (next.crawlFrequencyMinutes === record.crawlFrequencyMinutes || next.lastCrawlAt === null) return next;
  return { ...next, nextCrawlAt: next.lastCrawlAt + minutesBetween(next, every) * 60_000 };
}
