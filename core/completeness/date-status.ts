import { type CivilDate, epochDay } from '../calendar/civil-date.ts';
import type { DateStatus } from '../lake/date-statuses.ts';
import { withdrawnText } from '../lake/item-counts.ts';
import type { PartitionRecord } from '../state/partition-store.ts';
import type { TargetsOfDay } from '../targets/target-day.ts';
import { counted } from '../wording/figures.ts';
import { type EntitiesOfDay, emptyText, entityTexts, openTexts, whyNotThere } from './entities-of-day.ts';
import { type PagesOfDay, pageTexts, pendingText } from './pages-of-day.ts';
import { isSettled, type RefreshDue, runText } from './refresh-due.ts';
import type { SuspiciousDay } from './statistics.ts';
import { failedTexts, unfinishedTexts } from './targets-of-day.ts';

/** Days after the end of its own during which a date may wait for results; later they are overdue. */
export const PENDING_DAYS = 2;

/** One date of one target. Counts are those of the last refresh; 0 where there was none. */
export interface PartitionJudgement {
  readonly date: CivilDate;
  readonly status: DateStatus;
  /**
   * Items that the source lists and that can have rows; null where its index was never read, or could not be
   * the last time.
   */
  readonly expected: number | null;
  /** Items with rows from the source as the last refresh saw it. */
  readonly found: number;
  /** Items whose page says that they have no rows. */
  readonly empty: number;
  /** Items that the index lists without a result yet. */
  readonly pending: number;
  readonly abandoned: number;
  readonly void: number;
  /** Items that the index took away with their rows; `withdrawnItems` names the first of them. */
  readonly withdrawn: number;
  readonly withdrawnItems: readonly string[];
  /** Items that failed and keep their rows from before. */
  readonly carried: number;
  /** Items that failed, carried over or not. */
  readonly failed: number;
  readonly rows: number;
  /** ISO 8601; the last refresh that worked. */
  readonly freshAt: string | null;
  /** One line: why it is not complete; null where there is nothing to say. */
  readonly reason: string | null;
  /** How its targets stood that day; null where the source is scraped by date, and of a date to come. */
  readonly targets: TargetsOfDay | null;
}

/** All that is known of one date before it is judged. */
export interface DateEvidence {
  readonly date: CivilDate;
  readonly today: CivilDate;
  readonly lastRefresh: PartitionRecord | undefined;
  /** True where its last refresh came before its day was over in the source's time zone. */
  readonly refreshedEarly: boolean;
  /** The last run that was to refresh it and has ended. */
  readonly due: RefreshDue | undefined;
  /** A newer one that is under way: nothing is late that it may still bring. */
  readonly underWay?: RefreshDue | undefined;
  readonly suspicious: SuspiciousDay | undefined;
  /** Why the target is not scraped at all, if it is not. */
  readonly skipped: string | undefined;
  /** What is wrong with the files of its current version, if anything is. */
  readonly damage: string | undefined;
  /** Where each target has its own time: how they stood that day. */
  readonly targets?: TargetsOfDay | undefined;
  /** Where each has its own time: the run of the date that was interrupted and never taken up again. */
  readonly interrupted?: string | undefined;
  /** Where each has its own time: why nothing of it is fresh any more. */
  readonly silence?: string | undefined;
  /** Of a table of entities: what is not in it yet, and how the sources stand that feed it. */
  readonly entities?: EntitiesOfDay | undefined;
  /** Of a table of pages: what the last scan saw, and what is not in it yet. */
  readonly pages?: PagesOfDay | undefined;
}

/**
 * Items that the current version lists, those without rows left out that failed; undefined where there is
 * none, or where the counts on record are those of a held one, or of a refresh that could not read it.
 */
export function itemsOf(lastRefresh: PartitionRecord): number | undefined {
  if (lastRefresh.version === null || isHeld(lastRefresh)) return undefined;
  const { status, expected, found, failed, empty, carried, pending, abandoned, void: voids } = lastRefresh;
  if (status === 'failed' && found + carried === 0 && (expected ?? 0) > failed) return undefined;
  return found + empty + carried + pending + abandoned + voids;
}

export function judgePartition(evidence: DateEvidence): PartitionJudgement {
  const { date, lastRefresh } = evidence;
  const [status, reason] = statusOf(evidence);
  return {
    date,
    status,
    expected: lastRefresh?.expected ?? null,
    found: lastRefresh?.found ?? 0,
    empty: lastRefresh?.empty ?? 0,
    pending: lastRefresh?.pending ?? 0,
    abandoned: lastRefresh?.abandoned ?? 0,
    void: lastRefresh?.void ?? 0,
    withdrawn: lastRefresh?.withdrawn.count ?? 0,
    withdrawnItems: lastRefresh?.withdrawn.ids ?? [],
    carried: lastRefresh?.carried ?? 0,
    failed: lastRefresh?.failed ?? 0,
    rows: lastRefresh?.rows ?? 0,
    freshAt: lastRefresh?.freshAt == null ? null : new Date(lastRefresh.freshAt).toISOString(),
    reason,
    targets: evidence.targets ?? null,
  };
}

function statusOf(evidence: DateEvidence): [DateStatus, string | null] {
  const { date, today, lastRefresh } = evidence;
  if (lastRefresh === undefined || lastRefresh.version === null) {
    if (date > today) return ['upcoming', null];
    return withoutVersion(evidence) ?? ['missing', whyMissing(evidence)];
  }
  if (evidence.damage !== undefined) return ['damaged', evidence.damage];
  if (isHeld(lastRefresh)) return ['held', whyHeld(lastRefresh)];
  const incomplete = whyIncomplete(evidence, lastRefresh);
  if (incomplete !== undefined) return ['incomplete', incomplete];
  const stale = whyStale(evidence, lastRefresh);
  if (stale !== undefined) return ['stale', stale];
  const doubt = whySuspicious(evidence, lastRefresh);
  if (doubt !== undefined) return ['suspicious', doubt];
  const open = whyOpen(evidence, lastRefresh);
  if (open !== undefined) return ['open', open];
  if (evidence.entities && lastRefresh.found + lastRefresh.carried === 0)
    return ['empty', emptyText(evidence.entities, lastRefresh)];
  if (itemsOf(lastRefresh) === 0)
    return ['empty', lastRefresh.sign ?? 'the index of the source lists nothing'];
  return ['complete', null];
}

/** Why a version waits. A refresh that failed after it decides nothing. */
export function whyHeld({
  status,
  heldReason,
  reason,
}: Pick<PartitionRecord, 'status' | 'heldReason' | 'reason'>): string {
  const held = heldReason ?? (status === 'failed' ? null : reason);
  const waits = held ?? 'a version waits for accept or reject';
  return status === 'failed'
    ? `${waits}; its last refresh failed: ${reason ?? 'no reason on record'}`
    : waits;
}

/**
 * A date may have no version because its first run is under way, or where each target has its own time
 * because none was due, or none yet.
 */
function withoutVersion({
  date,
  today,
  lastRefresh,
  due,
  underWay,
  targets,
  silence,
}: DateEvidence): [DateStatus, string] | undefined {
  if (lastRefresh) return undefined;
  if (date === today && underWay && !due) return ['open', `its day is not over, and ${runText(underWay)}`];
  if (!targets) return undefined;
  const { found, failed, expected } = targets;
  if (date < today) return expected === 0 ? ['empty', 'no target was due'] : undefined;
  if (silence !== undefined) return ['stale', silence];
  const crawled = found + failed;
  const waiting = expected === 0 ? 'no target is due' : `${counted(targets.due, 'target')} due by its end`;
  const published =
    crawled === 0 ? 'none was crawled yet' : `${counted(crawled, 'target')} crawled and not published yet`;
  return ['open', `its day is not over, ${waiting}, ${published}`];
}

function isHeld(lastRefresh: PartitionRecord): boolean {
  return lastRefresh.held !== null || lastRefresh.status === 'held';
}

function whyMissing({
  lastRefresh,
  due,
  underWay,
  skipped,
  targets,
  interrupted,
  entities,
  pages,
}: DateEvidence): string {
  if (lastRefresh)
    return `there is no current version; last try: ${lastRefresh.reason ?? lastRefresh.status}`;
  if (entities) return whyNotThere(entities);
  if (pages) return pageTexts(pages, 0).join('; ');
  if (targets)
    return [
      ...unfinishedTexts(targets),
      ...interruptedTexts(targets, 0, interrupted),
      'nothing was committed',
    ].join('; ');
  if (skipped !== undefined) return `never scraped: the target is skipped (${skipped})`;
  if (underWay) return `not published yet: ${runText(underWay)}`;
  return due ? `never published: ${runText(due)}` : 'never scraped: no run has covered the date';
}

function whyIncomplete(
  { date, today, targets, entities, pages }: DateEvidence,
  lastRefresh: PartitionRecord,
): string | undefined {
  const { failed, carried, pending, repeated } = lastRefresh;
  if (pages) return joined(pageTexts(pages, failed));
  const items = entities
    ? `${counted(failed, 'record')} parked or dead`
    : `${failed} ${failed === 1 ? 'item' : 'items'} failed`;
  const failures = carried > 0 ? `${items}, ${carried} of them carried over from before` : items;
  const isOverdue = pending > 0 && epochDay(today) - epochDay(date) > PENDING_DAYS;
  const overdue = `${pending} ${pending === 1 ? 'item' : 'items'} still without a result`;
  const reasons = [
    ...(failed > 0 ? [failures] : []),
    ...(isOverdue ? [overdue] : []),
    ...repeated,
    ...(targets ? whyTargets(targets, lastRefresh, date < today) : []),
    ...(entities ? entityTexts(entities) : []),
  ];
  return joined(reasons);
}

function joined(reasons: readonly string[]): string | undefined {
  return reasons.length > 0 ? reasons.join('; ') : undefined;
}

function whyTargets(targets: TargetsOfDay, lastRefresh: PartitionRecord, isOver: boolean): string[] {
  if (!isOver) return failedTexts(targets);
  const items = itemsOf(lastRefresh) ?? 0;
  return [...unfinishedTexts(targets), ...interruptedTexts(targets, items)];
}

/** What was crawled on a day that is over and is not in its version: its run did not come to publish it. */
function interruptedTexts({ found }: TargetsOfDay, items: number, runId?: string): string[] {
  if (found <= items)
    return runId === undefined
      ? []
      : [`run ${runId} was interrupted, and "reparse" brings back what it fetched, if anything`];
  const lost = `${counted(found, 'target')} crawled whole, and ${counted(items, 'item')} there`;
  return [`${lost}: a run was interrupted, and "reparse" brings back what it fetched`];
}

/** Undefined for a day that was over when it was refreshed, and of which nothing is still to come. */
function whyOpen(
  { date, today, refreshedEarly, entities, pages }: DateEvidence,
  { pending }: PartitionRecord,
): string | undefined {
  const reasons = [
    ...(entities ? openTexts(entities) : []),
    ...(date >= today
      ? ['its day is not over']
      : refreshedEarly
        ? ['its day was not over when it was refreshed']
        : []),
    ...(pending > 0 && pages ? [pendingText(pages, pending)] : []),
    ...(pending > 0 && !pages
      ? [`${pending} ${pending === 1 ? 'item has' : 'items have'} no result yet`]
      : []),
  ];
  return reasons.length > 0 ? reasons.join(', ') : undefined;
}

/**
 * What the index took away is in doubt at once; that its list is short, when its day is over: until then it
 * may grow.
 */
function whySuspicious(
  { date, today, refreshedEarly, suspicious, entities }: DateEvidence,
  { withdrawn: { count, ids } }: PartitionRecord,
): string | undefined {
  const reasons = [
    ...(entities?.feeding.flatMap(({ name, status, reason }) =>
      status === 'suspicious' ? [`${name} is suspicious: ${reason}`] : [],
    ) ?? []),
    ...(count > 0 ? [withdrawnText(ids, count)] : []),
    ...(suspicious && date < today && !refreshedEarly ? [suspicious.reason] : []),
  ];
  return reasons.length > 0 ? reasons.join('; ') : undefined;
}

/**
 * Undefined for a date that is fresh: its own last run counts, so a backfill elsewhere proves nothing for it,
 * and of one that is under way nobody knows yet.
 */
function whyStale({ date, today, due, skipped, silence }: DateEvidence, lastRefresh: PartitionRecord) {
  const failed = lastRefresh.status === 'failed';
  if (!failed && silence !== undefined && date === today) return silence;
  if (!failed && (due === undefined || isSettled(lastRefresh, due))) return undefined;
  if (failed) return `its last refresh failed: ${lastRefresh.reason ?? 'no reason on record'}`;
  if (skipped !== undefined) return `not refreshed: the target is skipped (${skipped})`;
  return due && `not refreshed: ${runText(due)}`;
}
