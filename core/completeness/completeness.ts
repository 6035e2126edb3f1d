import { type CivilDate, civilDate, datesBetween, epochDay } from '../calendar/civil-date.ts';
import { civilDateAt, type DateRange } from '../calendar/window.ts';
import {
  DATE_STATUSES,
  type DateStatus,
  INCOMPLETE_STATUSES,
  type IncompleteStatus,
} from '../lake/date-statuses.ts';
import type { StateStore } from '../ports/state-store.ts';
import { entityKindOf, isScraped } from '../source/derived.ts';
import { byValue, targetsNamed } from '../source/partition.ts';
import type { Partition, Source, Target } from '../source/source.ts';
import { type PartitionRecord, PartitionStore } from '../state/partition-store.ts';
import type { SkipFlag } from '../targets/target.ts';
import { TargetStore } from '../targets/target-store.ts';
import { itemsOf, judgePartition, type PartitionJudgement } from './date-status.ts';
import type { EntitiesOfDay } from './entities-of-day.ts';
import { NO_PAGES, pageDays } from './extraction-days.ts';
import { knownTargets } from './known-targets.ts';
import type { PagesOfDay } from './pages-of-day.ts';
import type { CompletenessQuery } from './query.ts';
import { lastRuns, type RunsOfDate } from './run-windows.ts';
import { type DayCount, findSuspicious, type Summary, type SuspiciousDay, summarize } from './statistics.ts';
import { type TargetHistory, targetHistories } from './target-history.ts';

export type Verdict = 'complete' | 'open' | 'suspicious' | 'incomplete';

/** How complete a source is over a range of dates. Plain JSON. */
export interface CompletenessReport {
  readonly source: string;
  readonly table: string;
  readonly start: CivilDate;
  readonly end: CivilDate;
  readonly today: CivilDate;
  /**
   * `incomplete` where a date is missing, damaged, held, incomplete or stale; else `suspicious` where one is
   * in doubt; else `open` where one is: today, or with items that have no result yet.
   */
  readonly verdict: Verdict;
  /** What makes it `incomplete` or `suspicious`; empty where it is neither. */
  readonly reasons: readonly {
    readonly status: IncompleteStatus | 'suspicious';
    readonly partitions: number;
  }[];
  /** Partitions by status; every date of every target counts once. */
  readonly partitions: Readonly<Record<DateStatus, number>>;
  readonly targets: readonly TargetCompleteness[];
}

export interface TargetCompleteness {
  /** The value of the partitions: where they are named after targets, one of those. */
  readonly target: string;
  /** The skip flag; null where the target, or one of several, is scraped. */
  readonly skipped: { readonly reason: string; readonly actor: string; readonly since: string } | null;
  /** Items per day of the range, over the dates that have a current version; null where there are none. */
  readonly statistics: (Omit<Summary, 'stddev'> & { readonly stddev: number | null }) | null;
  readonly items: {
    readonly expected: number;
    readonly failed: number;
    readonly carried: number;
    readonly pending: number;
    readonly abandoned: number;
    readonly void: number;
    /** Whose page says that they have no rows. */
    readonly empty: number;
    readonly withdrawn: number;
  };
  readonly rows: number;
  /**
   * Dates with fewer items than `max(minItems, mean − 2·stddev)` of all other dates on record, also those
   * whose status is worse than suspicious.
   */
  readonly suspicious: readonly SuspiciousDay[];
  /** Every date of the range, in order. */
  readonly dates: readonly PartitionJudgement[];
}

const DAY_MS = 86_400_000;
/** Books may be older than anything that is scraped. */
export const ALL_DATES: DateRange = { start: civilDate('0100-01-01'), end: civilDate('9999-12-31') };

/**
 * Answers from the counts that each commit left in the state store: without `damageOf` no manifest and no
 * data file is opened, which is what keeps ten years of dates under a second. What the lake says, row by row,
 * is for `checkLake`.
 */
export async function completeness(
  state: StateStore,
  source: Source,
  query: CompletenessQuery,
): Promise<CompletenessReport> {
  const { start, end, today } = query;
  const pages = await pageDays(state, source);
  const values = byValue(source, await targetsMeant(state, source, query, [...(pages?.keys() ?? [])]));
  // A run of a source whose targets are due one by one refreshes some of a partition, and leaves the others
  // as they are.
  const isDaily = source.cadence.kind === 'daily';
  const runs =
    isDaily && isScraped(source)
      ? await lastRuns(state, source.name, values, { start, end }, query)
      : new Map<string, ReadonlyMap<CivilDate, RunsOfDate>>();
  const histories = isDaily ? undefined : await targetHistories(state, source, values, query);
  const answers: TargetCompleteness[] = [];
  const kind = entityKindOf(source);
  for (const [value, targets] of values) {
    const due = runs.get(value) ?? new Map<CivilDate, RunsOfDate>();
    const crawls = histories?.get(value);
    const entities = kind === undefined ? undefined : await daysOfEntities(state, kind, value, query);
    const known = { due, crawls, entities, pages: pages && (pages.get(value) ?? new Map()) };
    answers.push(await valueCompleteness(state, source, value, targets, query, known));
  }
  const partitions = countStatuses(answers.flatMap(({ dates }) => dates));
  // Of a table of entities without a feed, or of pages without a state, nothing was ever said.
  const isUnknown = !isScraped(source) && answers.length === 0;
  const verdict = isUnknown ? 'open' : verdictOf(partitions);
  const because = verdict === 'incomplete' ? INCOMPLETE_STATUSES : (['suspicious'] as const);
  const reasons = because
    .map((status) => ({ status, partitions: partitions[status] }))
    .filter((reason) => reason.partitions > 0);
  return {
    source: source.name,
    table: source.table.name,
    start,
    end,
    today,
    verdict,
    reasons,
    partitions,
    targets: answers,
  };
}

/** Most sources have nothing that is enriched, and need none of its modules. */
async function daysOfEntities(state: StateStore, kind: string, feed: string, query: CompletenessQuery) {
  const { entityDays } = await import('./entity-days.ts');
  return entityDays(state, kind, feed, query, completeness);
}

/**
 * How one partition stands; undefined where its value is that of no target, and of a book that nobody knows.
 */
export async function judgementOf(
  state: StateStore,
  source: Source,
  { value, date }: Partition,
  query: Omit<CompletenessQuery, 'start' | 'end' | 'targets'>,
): Promise<PartitionJudgement | undefined> {
  const states = (await pageDays(state, source))?.keys() ?? [];
  const known = byValue(source, await knownTargets(state, source, query.sources ?? [], [...states]));
  if (!known.has(value)) return undefined;
  const asked = { ...query, start: date, end: date, targets: [value] };
  const { targets } = await completeness(state, source, asked);
  return targets.find(({ target }) => target === value)?.dates[0];
}

function verdictOf(partitions: CompletenessReport['partitions']): Verdict {
  if (INCOMPLETE_STATUSES.some((status) => partitions[status] > 0)) return 'incomplete';
  if (partitions.suspicious > 0) return 'suspicious';
  return partitions.open > 0 ? 'open' : 'complete';
}

async function targetsMeant(
  state: StateStore,
  source: Source,
  { targets: asked, sources = [] }: CompletenessQuery,
  states: readonly string[],
): Promise<readonly Target[]> {
  const known = await knownTargets(state, source, sources, states);
  const named = targetsNamed(source, known, asked);
  if (!('unknown' in named)) return named;
  throw new RangeError(
    `source ${source.name} has no target ${JSON.stringify(named.unknown)}; it has: ${known.map(({ id }) => id).join(', ')}`,
  );
}

/** The flag that keeps runs from every target of a partition; null where one of them is scraped. */
async function flagOf(
  state: StateStore,
  source: Source,
  targets: readonly Target[],
): Promise<SkipFlag | null> {
  const store = new TargetStore(state);
  let flag: SkipFlag | null = null;
  for (const { id } of targets) {
    flag = (await store.get(source.name, id)).skip;
    if (!flag) return null;
  }
  return flag;
}

/** What is known of the dates of a value beside its partitions. */
interface KnownOfValue {
  readonly due: ReadonlyMap<CivilDate, RunsOfDate>;
  readonly crawls: TargetHistory | undefined;
  /** Of a table of entities. */
  readonly entities: ReadonlyMap<CivilDate, EntitiesOfDay> | undefined;
  /** Of a table of pages: there are no other dates than these. */
  readonly pages: ReadonlyMap<CivilDate, PagesOfDay> | undefined;
}

async function valueCompleteness(
  state: StateStore,
  source: Source,
  value: string,
  targets: readonly Target[],
  { start, end, today, damageOf }: CompletenessQuery,
  { due, crawls, entities, pages }: KnownOfValue,
): Promise<TargetCompleteness> {
  const skip = await flagOf(state, source, targets);
  const lastRefreshes = new Map<CivilDate, PartitionRecord>();
  // What is found there belongs to the day on which it was; and entities are published when they change.
  const isEarly = (lastRefresh: PartitionRecord) =>
    !crawls && !entities && !pages && isRefreshedEarly(lastRefresh, source.timeZone);
  const isUnfinished = (lastRefresh: PartitionRecord) => lastRefresh.date >= today || isEarly(lastRefresh);
  const current: DayCount[] = [];
  // The whole history, not the range alone: a short range has no baseline of its own. A day that was not over
  // accuses nobody, and is not accused: its list may grow.
  const history: DayCount[] = [];
  const store = new PartitionStore(state);
  for await (const lastRefresh of store.range(source.table.name, value, ALL_DATES.start, ALL_DATES.end)) {
    const { date, rows } = lastRefresh;
    const items = itemsOf(lastRefresh);
    if (items !== undefined) {
      const day = { date, items, rows };
      current.push(day);
      if (!isUnfinished(lastRefresh)) history.push(day);
    }
    if (date >= start && date <= end) lastRefreshes.set(date, lastRefresh);
  }
  // How many there should be is known where each target has its own time, and where pages are labelled.
  const suspicious = crawls || pages ? [] : findSuspicious(history, { start, end }, source.expect.minItems);
  const suspect = new Map(suspicious.map((day) => [day.date, day]));
  const damages = new Map<CivilDate, string>();
  for (const { date, version } of damageOf ? lastRefreshes.values() : []) {
    const damage = version === null ? undefined : await damageOf?.({ value, date });
    if (damage !== undefined) damages.set(date, damage);
  }
  const judged = pages
    ? [...new Set([...pages.keys(), ...lastRefreshes.keys()])].filter((date) => date >= start && date <= end)
    : [...datesBetween(start, end)];
  const dates = judged.sort().map((date) => {
    const lastRefresh = lastRefreshes.get(date);
    return judgePartition({
      date,
      today,
      lastRefresh,
      refreshedEarly: lastRefresh !== undefined && isEarly(lastRefresh),
      due: due.get(date)?.due,
      underWay: due.get(date)?.underWay,
      suspicious: suspect.get(date),
      skipped: skip?.reason,
      damage: damages.get(date),
      targets: crawls?.days.get(date)?.counted(lastRefresh?.failed === 0 ? lastRefresh.freshAt : null),
      interrupted: crawls?.interrupted.get(date),
      silence: crawls?.silence,
      entities: entities?.get(date),
      pages: pages && (pages.get(date) ?? NO_PAGES),
    });
  });
  const sum = (of: (date: PartitionJudgement) => number) =>
    dates.reduce((total, date) => total + of(date), 0);
  return {
    target: value,
    skipped: skip && { reason: skip.reason, actor: skip.actor, since: new Date(skip.since).toISOString() },
    statistics: statisticsOf(current.filter(({ date }) => date >= start && date <= end)),
    items: {
      expected: sum(({ expected }) => expected ?? 0),
      failed: sum(({ failed }) => failed),
      carried: sum(({ carried }) => carried),
      pending: sum(({ pending }) => pending),
      abandoned: sum(({ abandoned }) => abandoned),
      void: sum((date) => date.void),
      empty: sum(({ empty }) => empty),
      withdrawn: sum(({ withdrawn }) => withdrawn),
    },
    rows: sum(({ rows }) => rows),
    suspicious,
    dates,
  };
}

/**
 * True where a partition was last refreshed before its day was over, or accepted then where it never was.
 * Days after the date every zone has left it, and to ask a calendar ten years of times costs.
 */
function isRefreshedEarly({ date, freshAt, at }: PartitionRecord, timeZone: string): boolean {
  const seenAt = freshAt ?? at;
  return seenAt <= (epochDay(date) + 3) * DAY_MS && civilDateAt(seenAt, timeZone) <= date;
}

function statisticsOf(counts: readonly DayCount[]): TargetCompleteness['statistics'] {
  const summary = summarize(counts);
  return summary ? { ...summary, stddev: summary.stddev ?? null } : null;
}

function countStatuses(dates: readonly PartitionJudgement[]): Record<DateStatus, number> {
  const counts = Object.fromEntries(DATE_STATUSES.map((status) => [status, 0])) as Record<DateStatus, number>;
  for (const { status } of dates) counts[status] += 1;
  return counts;
}
