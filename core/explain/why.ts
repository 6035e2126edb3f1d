import { civilDateAt } from '../calendar/window.ts';
import { judgementOf } from '../completeness/completeness.ts';
import { coversValue } from '../completeness/run-windows.ts';
import { type TargetOfDay, visitTargetDays } from '../completeness/target-days.ts';
import { type Failure, isUnresolved } from '../failures/failure.ts';
import { FailureStore } from '../failures/failure-store.ts';
import { planKey } from '../lake/layout.ts';
import { CorruptLakeError, readCurrent, unlessCorrupt } from '../lake/manifest.ts';
import { readCommits } from '../lake/partition-log.ts';
import { currentDamage, manifestGone } from '../lake/whole-version.ts';
import type { Platform } from '../platform.ts';
import type { PageKey } from '../ports/page-library.ts';
import type { VerifiedFiles } from '../ports/verified-files.ts';
import { readWorkList } from '../run/work-list.ts';
import { byValue } from '../source/partition.ts';
import type { Partition, Source, Target } from '../source/source.ts';
import { PartitionStore } from '../state/partition-store.ts';
import { RunStore } from '../state/run-store.ts';
import { targetsOf } from '../targets/register.ts';
import type { TargetFlag } from '../targets/target.ts';
import { TargetStore } from '../targets/target-store.ts';
import { attemptsOnRecord } from './attempts.ts';
import { entityFacts } from './entity-facts.ts';
import type { WhyCurrent, WhyRun } from './facts.ts';
import { pageFacts } from './page-facts.ts';
import { explain, type Why } from './story.ts';

/**
 * `verified`: with it the files of the current version are held against their hashes, as completeness does.
 */
type Records = Pick<Platform, 'lake' | 'state' | 'clock'> & {
  readonly verified?: VerifiedFiles;
  /** Of a table of entities: those among which are the scraped ones that feed it. */
  readonly sources?: readonly Source[];
};

/** Closed failures of a partition that are told: those of the last days, not of all its past. */
const CLOSED_OF_A_PARTITION = 10;

/**
 * Gathers what is on record about a partition, or about one item of it, and says what follows from it.
 * Changes nothing. `page`: the item by its true names, of a table of pages.
 */
export async function why(
  platform: Records,
  source: Source,
  partition: Partition,
  item: string | null,
  page?: PageKey,
): Promise<Why> {
  const { lake, state, clock, sources } = platform;
  const now = clock.now();
  const today = civilDateAt(now, source.timeZone);
  const targets = byValue(source, await targetsOf(state, source)).get(partition.value) ?? [];
  const run = await newestRun(platform, source, partition, targets);
  const failures = await failuresOf(platform, source, partition, item);
  const lastRefresh = await new PartitionStore(state).get(source.table.name, partition);
  const asked = {
    runId: run?.runId,
    failures: failures.filter((each) => item !== null || isUnresolved(each)),
  };
  const current = await currentOf(platform, source, partition, item, lastRefresh?.version != null);
  const tried = await attemptsOnRecord(platform, source, partition, item, asked);
  const judged = await judgementOf(state, source, partition, {
    ...{ today, now, lake, ...(sources && { sources }) },
    // Whoever asks has looked at its files already.
    damageOf: async () => (current.kind === 'damaged' ? current.message : undefined),
  });
  return explain({
    source: source.name,
    partition,
    item,
    today,
    now,
    skip: await flagOf(state, source, partition, targets, failures),
    run: run ?? null,
    ...tried,
    failures,
    commits: await readCommits(lake, source, partition),
    lastRefresh: lastRefresh ?? null,
    completeness: judged ? { status: judged.status, reason: judged.reason } : null,
    current,
    targets:
      source.cadence.kind === 'every'
        ? targetsAskedFor(await targetsOfDate(platform, source, partition), item, [
            ...tried.attempts.map(({ target }) => target),
            ...failures.map(({ target }) => target),
          ])
        : null,
    entities: (await entityFacts(platform, source, partition, item)) ?? null,
    pages: (await pageFacts(platform, source, partition, item, page)) ?? null,
  });
}

/** How the targets of a partition stood on its date. */
async function targetsOfDate(
  { lake, state, clock }: Records,
  source: Source,
  { value, date }: Partition,
): Promise<TargetOfDay[]> {
  const found: TargetOfDay[] = [];
  const now = clock.now();
  const today = civilDateAt(now, source.timeZone);
  await visitTargetDays({ lake, state }, source, { start: date, end: date, today, now }, (stood) => {
    if (stood.value === value) found.push(stood);
  });
  return found;
}

/** Of an item its target: the one of that id, or those that it was asked for. */
function targetsAskedFor(
  targets: readonly TargetOfDay[],
  item: string | null,
  asked: readonly string[],
): readonly TargetOfDay[] {
  if (item === null) return targets;
  const own = targets.filter(({ target }) => target === item);
  return own.length > 0 ? own : targets.filter(({ target }) => asked.includes(target));
}

/** All that are unresolved, then the last that were closed, newest first; of an item its own. */
async function failuresOf(
  { state }: Records,
  source: Source,
  partition: Partition,
  item: string | null,
): Promise<Failure[]> {
  const store = new FailureStore(state);
  if (item !== null) {
    const failure = await store.get({ source: source.name, partition, item });
    return failure ? [failure] : [];
  }
  const all = await Array.fromAsync(store.list(source.name, partition));
  const closed = all
    .filter((failure) => !isUnresolved(failure))
    .sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0));
  return [...all.filter(isUnresolved), ...closed.slice(0, CLOSED_OF_A_PARTITION)];
}

/**
 * The flag of whose item failed; of a partition without failures, that of its targets where all of them are
 * flagged.
 */
async function flagOf(
  state: Records['state'],
  source: Source,
  partition: Partition,
  targets: readonly Target[],
  failures: readonly Failure[],
): Promise<TargetFlag | null> {
  const store = new TargetStore(state);
  const of = failures.length > 0 ? failures.map(({ target }) => target) : targets.map(({ id }) => id);
  const flags: (TargetFlag | null)[] = [];
  for (const target of new Set(of.length > 0 ? of : [partition.value]))
    flags.push(await store.flagOf(source.name, target));
  return failures.length > 0
    ? (flags.find((flag) => flag !== null) ?? null)
    : flags.includes(null)
      ? null
      : (flags[0] ?? null);
}

/** The newest run whose window and targets cover the partition. */
async function newestRun(
  { lake, state }: Records,
  source: Source,
  partition: Partition,
  targets: readonly Target[],
): Promise<WhyRun | undefined> {
  for await (const { input, status, startedAt, finishedAt, message } of new RunStore(state).list(
    source.name,
  )) {
    const { runId, start, end } = input;
    const covers = start <= partition.date && partition.date <= end;
    if (!covers || !coversValue(input, partition.value, targets)) continue;
    return {
      runId,
      start,
      end,
      status,
      startedAt,
      finishedAt,
      message,
      planned: await isPlanned(lake, runId, partition),
    };
  }
  return undefined;
}

async function isPlanned(
  lake: Records['lake'],
  runId: string,
  { value, date }: Partition,
): Promise<WhyRun['planned']> {
  if (!(await lake.head(planKey(runId)))) return 'unknown';
  const plan = await Array.fromAsync(readWorkList({ lake }, planKey(runId))).catch(unlessCorrupt);
  if (!plan) return 'unknown';
  return plan.some((work) => work.value === value && work.date === date) ? 'yes' : 'left-out';
}

async function currentOf(
  { lake, verified }: Records,
  source: Source,
  partition: Partition,
  item: string | null,
  isOnRecord: boolean,
): Promise<WhyCurrent> {
  try {
    const current = await readCurrent(lake, source.table, partition);
    if (!current && !isOnRecord) return { kind: 'none' };
    const damage = current
      ? verified && (await currentDamage(lake, verified, source.table, partition))
      : await manifestGone(lake, source.table, partition);
    if (damage) throw damage;
    if (!current) return { kind: 'none' };
    const { descriptor, committedAt, committedBy } = current;
    const { version, rows, items } = descriptor;
    const withdrawn = descriptor.withdrawn.find(({ id }) => id === item);
    return {
      kind: 'version',
      version,
      rows,
      items: items.length,
      committedAt,
      committedBy,
      item: items.find(({ id }) => id === item) ?? null,
      ...(withdrawn && { withdrawn }),
    };
  } catch (error) {
    if (error instanceof CorruptLakeError) {
      const { problem, mends } = error;
      return { kind: 'damaged', message: problem, mends };
    }
    throw error;
  }
}
