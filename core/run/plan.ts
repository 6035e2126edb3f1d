import { type CivilDate, civilDate, datesBetween } from '../calendar/civil-date.ts';
import { sendLostAgain } from '../failures/queue-failures.ts';
import { planKey } from '../lake/layout.ts';
import { type PartitionWork, type Platform, StageError, sourceNamed } from '../platform.ts';
import { recordRobots } from '../scrape/attempt.ts';
import { byValue, targetsNamed } from '../source/partition.ts';
import type { Partition, Source, Target } from '../source/source.ts';
import { clockBehind } from '../state/look-clock.ts';
import { type RunInput, RunStore } from '../state/run-store.ts';
import { claimDue, isDueAt, targetsOf } from '../state/target-register.ts';
import { TargetStore } from '../state/target-store.ts';
import type { PlanAnswer } from '../workflow/workflow.ts';

/** Where a value stands for several targets, those of them that are scraped. */
type PlannedPartition = Partition & Pick<PartitionWork, 'targets'>;

/** The work of a run as a value: printed by `--dry-run`, written as JSON Lines by `plan`. */
export interface Plan {
  readonly source: string;
  readonly start: CivilDate;
  readonly end: CivilDate;
  readonly work: readonly PlannedPartition[];
  readonly skipped: readonly { readonly target: string; readonly reason: string; readonly since: string }[];
}

/** Window × targets − skipped; oldest date first, because it is the one that leaves the window tomorrow. */
export async function makePlan(
  platform: Pick<Platform, 'sources' | 'state' | 'clock'>,
  input: Omit<RunInput, 'runId'>,
): Promise<Plan> {
  const source = sourceNamed(platform, input.source);
  const start = civilDate(input.start);
  const end = civilDate(input.end);
  const { cadence, register } = source;
  if (cadence.kind === 'every' && start !== end)
    throw new StageError('BadInput', `${source.name} finds what is there now: a run of it has one date`);
  const store = new TargetStore(platform.state);
  const skipped: Plan['skipped'][number][] = [];
  const open: Target[] = [];
  for (const target of await targetsMeant(platform, source, input.targets)) {
    const record = await store.get(source.name, target.id);
    const { skip } = record;
    if (skip)
      skipped.push({ target: target.id, reason: skip.reason, since: new Date(skip.since).toISOString() });
    else if (register?.ready?.(target) === false) continue;
    else if (cadence.kind === 'daily' || input.force || isDueAt(record, platform.clock.now()))
      open.push(target);
  }
  const dates = [...datesBetween(start, end)];
  const values = [...byValue(source, open)];
  return {
    source: source.name,
    start,
    end,
    work: dates.flatMap((date) =>
      values.map(([value, targets]) => ({ value, date, ...crawled(value, targets) })),
    ),
    skipped,
  };
}

/**
 * When the newest run of the source was at work last, as its clock had it; milliseconds, 0 where there is
 * none.
 */
async function lastRunAt({ state }: Platform, source: string): Promise<number> {
  for await (const { startedAt, finishedAt } of new RunStore(state).list(source))
    return Math.max(startedAt, finishedAt ?? 0);
  return 0;
}

async function targetsMeant(
  { state }: Pick<Platform, 'state'>,
  source: Source,
  asked: readonly string[] | undefined,
): Promise<readonly Target[]> {
  const known = await targetsOf(state, source);
  const named = targetsNamed(source, known, asked);
  if (!('unknown' in named)) return named;
  throw new StageError(
    'BadInput',
    `source ${source.name} has no target ${JSON.stringify(named.unknown)}; it has: ${known.map(({ id }) => id).join(', ')}`,
  );
}

function crawled(value: string, targets: readonly Target[]): Pick<PartitionWork, 'targets'> {
  const ids = targets.map(({ id }) => id);
  return ids.length === 1 && ids[0] === value ? {} : { targets: ids };
}

/**
 * The first stage: checks that the site answers at all, and writes the work list. Called again for the same
 * run it keeps the list that is there. Throws a StageError `Transient` where the site cannot be reached.
 */
export async function plan(platform: Platform, input: RunInput): Promise<PlanAnswer> {
  const { runId, force } = input;
  const source = sourceNamed(platform, input.source);
  const key = planKey(runId);
  const made = await makePlan(platform, input);
  const now = platform.clock.now();
  const behind = clockBehind(now, await lastRunAt(platform, source.name));
  if (behind) platform.emit(behind);
  await new RunStore(platform.state).begin(input, now);
  await sendLostAgain(platform, source.name);
  const first = made.work[0];
  if (first) await checkReach(platform, source, runId, first);
  const stored = await platform.lake.get(key);
  const lines = stored
    ? countLines(stored.body)
    : await writePlan(platform, key, await claimed(platform, source, made, force), (partition) => ({
        runId,
        source: source.name,
        ...partition,
        force,
      }));
  platform.emit({ kind: 'planned', runId, partitions: lines });
  return { ...input, workList: { key, lines } };
}

async function checkReach(
  platform: Platform,
  source: Source,
  runId: string,
  first: Partition,
): Promise<void> {
  const reach = await platform.fetcherFor(source).reach(source.baseUrl);
  if (reach.kind === 'dropped') throw new StageError('Transient', `${source.name}: interrupted`);
  if (reach.robots) await recordRobots({ platform, source, runId, partition: first }, reach.robots);
  if (reach.kind === 'reached') return;
  throw new StageError(
    reach.outcome.code === 'REFUSED' ? 'SiteUnreachable' : 'Transient',
    `${source.name}: cannot reach ${new URL(source.baseUrl).origin} (${reach.outcome.message ?? reach.outcome.code}); check that the site is up and the address right, then run again; nothing was changed`,
  );
}

async function writePlan(
  platform: Platform,
  key: string,
  made: Pick<Plan, 'work'>,
  lineOf: (partition: PlannedPartition) => PartitionWork,
): Promise<number> {
  const lines = made.work.map((partition) => `${JSON.stringify(lineOf(partition))}\n`);
  await platform.lake.put(key, new TextEncoder().encode(lines.join('')));
  return lines.length;
}

/**
 * What is left of the plan when the targets that are due have been taken: another run may have been faster.
 */
async function claimed(
  { state, clock }: Platform,
  source: Source,
  made: Plan,
  force: boolean,
): Promise<Pick<Plan, 'work'>> {
  const { cadence } = source;
  if (cadence.kind === 'daily') return made;
  const ids = made.work.flatMap(({ value, targets }) => targets ?? [value]);
  const taken = await claimDue(state, source.name, ids, {
    now: clock.now(),
    minutes: cadence.minutes,
    force,
  });
  const work = made.work.flatMap((partition): PlannedPartition[] => {
    const targets = (partition.targets ?? [partition.value]).filter((id) => taken.has(id));
    if (targets.length === 0) return [];
    return [partition.targets ? { ...partition, targets } : partition];
  });
  return { work };
}

function countLines(body: Uint8Array): number {
  return body.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
}

/** The lines of a work list, in order. Throws where the list is not there. */
export async function* readPlan(
  platform: Pick<Platform, 'lake'>,
  key: string,
): AsyncGenerator<PartitionWork> {
  const stored = await platform.lake.get(key);
  if (!stored) throw new Error(`there is no work list at ${key}`);
  for (const line of new TextDecoder().decode(stored.body).split('\n')) {
    if (line !== '') yield workOfLine(line);
  }
}

/** A list of before partitions had values of their own names their targets. */
function workOfLine(line: string): PartitionWork {
  const work = JSON.parse(line) as PartitionWork & { readonly target?: string };
  return { ...work, value: work.value ?? work.target };
}
