import { addDays, type CivilDate } from '../calendar/civil-date.ts';
import { startOfDate } from '../calendar/window.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import type { Source } from '../source/source.ts';
import { notReady } from './schedule-status.ts';
import { isSkipped, type TargetClaim, type TargetRecord } from './target.ts';

/**
 * How a target of a source `every` stood on a date.
 *
 * - `found`: its last crawl of that date came home whole.
 * - `failed`: its last crawl of that date did not.
 * - `due`: it was to be crawled before the end of the date, and was not, or its crawl never ended.
 * - `skipped`: a flag kept it from being crawled, although it was due.
 * - `paused`: a person kept it from being crawled.
 * - `given_up`: it was due, and so many crawls failed in a row that none is made any more.
 * - `not_ready`: it waits for an address, or for what its platform is.
 * - `not_due`: its next crawl comes after the date.
 * - `unknown`: what is on record begins after the date.
 */
export const DAY_STATUSES = [
  ...(['found', 'failed', 'due', 'unknown'] as const),
  ...(['skipped', 'paused', 'given_up', 'not_ready', 'not_due'] as const),
] as const;
export type DayStatus = (typeof DAY_STATUSES)[number];

/**
 * Those of which something is to be brought home that day; a day is whole where all of them are found. Whom
 * the platform does not ask because of a wall, or because it has failed too often, is there all the same and
 * lacks. Left out are those that a person has paused and those of which nobody knows where to ask.
 */
const EXPECTED_STATUSES: ReadonlySet<DayStatus> = new Set([
  ...(['found', 'failed', 'due', 'unknown', 'skipped', 'given_up'] as const),
]);

export function isExpected(status: DayStatus): boolean {
  return EXPECTED_STATUSES.has(status);
}

/** A date in the time zone of a source; its ends in milliseconds. */
export interface Day {
  readonly date: CivilDate;
  readonly startsAt: number;
  /** The first moment of the next. */
  readonly endsAt: number;
}

export function dayOf(date: CivilDate, timeZone: string): Day {
  return { date, startsAt: startOfDate(date, timeZone), endsAt: startOfDate(addDays(date, 1), timeZone) };
}

/** How a target stood, with the reason in one line; null where there is nothing to say. */
export interface TargetDay {
  readonly status: DayStatus;
  readonly reason: string | null;
}

/**
 * How a target stood on a date, by its record as it was at the end of that date, or as it is while the date
 * lasts. A later record answers too, and says so where it cannot know. `now`: milliseconds.
 */
export function targetDay(
  source: Pick<Source, 'register'>,
  record: TargetRecord,
  day: Day,
  now: number,
): TargetDay {
  const { lastCrawl, lastCrawlAt, claim, status, skip, nextCrawlAt } = record;
  if (lastCrawl?.date === day.date) {
    const isWhole = DISPOSITIONS[lastCrawl.code].counts === 'success';
    return isWhole ? { status: 'found', reason: null } : { status: 'failed', reason: lastCrawl.code };
  }
  if ((record.registeredAt ?? 0) >= day.endsAt) return { status: 'not_due', reason: 'registered later' };
  const isLater = lastCrawl !== null && lastCrawl.date > day.date;
  if (isLater) return crawledLater(record, lastCrawl, day);
  if (claim && claim.at >= day.endsAt) return crawledLater(record, claim, day);
  if ((lastCrawlAt ?? 0) >= day.endsAt) return UNKNOWN;
  if (claim) return { status: 'due', reason: `its crawl of ${timeText(claim.at)} has not ended` };
  if (status === 'paused') return { status: 'paused', reason: null };
  const waits = notReady(source, record);
  if (waits) return { status: 'not_ready', reason: waits };
  if (nextCrawlAt !== null && nextCrawlAt >= day.endsAt)
    return { status: 'not_due', reason: `its next crawl is due at ${timeText(nextCrawlAt)}` };
  // From here on it is due, and lacks, whatever kept it from being crawled.
  if (status === 'failed') return { status: 'given_up', reason: record.failureNotes };
  if (skip && skip.since < day.endsAt && isSkipped(record, day.endsAt - 1))
    return { status: 'skipped', reason: skip.reason };
  if (nextCrawlAt === null) return neverCrawled(record, day, now);
  return { status: 'due', reason: `due ${nextCrawlAt > now ? 'at' : 'since'} ${timeText(nextCrawlAt)}` };
}

/** Of a target that nobody registered what is on record begins with its first crawl. */
function neverCrawled({ registeredAt, lastCrawlAt }: TargetRecord, { endsAt }: Day, now: number): TargetDay {
  if (registeredAt === null && lastCrawlAt === null && endsAt <= now)
    return { status: 'not_due', reason: 'nothing was on record of it yet' };
  return { status: 'due', reason: 'never crawled' };
}

const UNKNOWN: TargetDay = {
  status: 'unknown',
  reason: 'it was crawled later, and this date is not on record',
};

/** What a crawl after a date tells of it: whether the target was due by then, and waited. */
function crawledLater(
  { registeredAt }: TargetRecord,
  { dueAt, previousAt }: Pick<TargetClaim, 'dueAt' | 'previousAt'>,
  { startsAt, endsAt }: Day,
): TargetDay {
  // It was crawled on the date, or after it: what came of that is not on record any more.
  if (previousAt !== null && previousAt >= startsAt) return UNKNOWN;
  if (dueAt !== null && dueAt >= endsAt)
    return { status: 'not_due', reason: `its next crawl was due at ${timeText(dueAt)}` };
  if (registeredAt === null && previousAt === null && dueAt === null)
    return { status: 'not_due', reason: 'its first crawl was later' };
  return { status: 'due', reason: 'it was crawled later only' };
}

/** Whether a target was due on a date, and whether it was asked for anything. */
export function dueAndCrawled(
  source: Pick<Source, 'register' | 'cadence'>,
  record: TargetRecord,
  day: Day,
  now: number,
): { readonly due: boolean; readonly crawled: boolean } {
  if (source.cadence.kind === 'daily') {
    const at = record.lastAttemptAt;
    const isSkippedThen = record.skip !== null && isSkipped(record, day.endsAt - 1);
    return { due: !isSkippedThen, crawled: at !== null && at >= day.startsAt && at < day.endsAt };
  }
  const { status } = targetDay(source, record, day, now);
  return { due: isExpected(status), crawled: status === 'found' || status === 'failed' };
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** How the targets of one value stood on a date. Plain JSON. */
export type TargetsOfDay = Readonly<Record<DayStatus, number>> & {
  /** Those that were due that day; it is whole where all of them are found. */
  readonly expected: number;
  /** Ids of those that were not found, the first of each status. */
  readonly names: Readonly<Partial<Record<DayStatus, readonly string[]>>>;
};

export type TargetsOfValue = TargetsOfDay & { readonly value: string };
