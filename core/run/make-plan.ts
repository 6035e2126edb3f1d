import type * as z from 'zod';
import { type CivilDate, civilDate, datesBetween } from '../calendar/civil-date.ts';
import { civilDateAt } from '../calendar/window.ts';
import { type PartitionWork, type Platform, StageError, sourceNamed } from '../platform.ts';
import { isScraped, notScrapedText } from '../source/derived.ts';
import { byValue } from '../source/partition.ts';
import type { Partition, Source, Target } from '../source/source.ts';
import type { RunInput } from '../state/run-store.ts';
import {
  type LeftOutTarget,
  type PlannedTargets,
  plannedTargets,
  type SkippedTarget,
} from './planned-targets.ts';

/** Where a value stands for several targets, those of them that are scraped. */
export type PlannedPartition = Partition & Pick<PartitionWork, 'targets'>;

/** The work of a run as a value: printed by `--dry-run`, written as a work list by `plan`. */
export interface Plan {
  readonly source: string;
  readonly start: CivilDate;
  readonly end: CivilDate;
  readonly work: readonly PlannedPartition[];
  readonly skipped: readonly SkippedTarget[];
  /** The targets that were meant and are left as they are, each with the reason; those skipped among them. */
  readonly leftOut: readonly LeftOutTarget[];
}

/** Targets in one line of a work list: every state of the list of US districts fits. */
const MAX_TARGETS = 2000;
/**
 * Bytes of their ids in JSON. Step Functions hands a line on with 262,144 bytes at most, and other things are
 * in it; ids of seven digits take 10 each, the longest that there may be 131.
 */
const MAX_ID_BYTES = 131_072;

/** Window × targets − skipped; oldest date first, because it is the one that leaves the window tomorrow. */
export async function makePlan(
  platform: Pick<Platform, 'sources' | 'state' | 'clock'>,
  input: Omit<RunInput, 'runId'>,
): Promise<Plan> {
  const source = sourceNamed(platform, input.source);
  if (!isScraped(source)) throw new StageError('BadInput', notScrapedText(source));
  const problem = otherDates(source, input, platform.clock.now());
  if (problem) throw problem;
  return planOf(platform, source, input, await plannedTargets(platform, source, input));
}

/**
 * Why a run of these dates is refused that is planned at `now` (milliseconds): what is found belongs to the
 * date on which it is found. Undefined where it may be planned.
 */
export function otherDates(
  { name, cadence, timeZone }: Source,
  { start, end }: Pick<RunInput, 'start' | 'end'>,
  now: number,
): StageError | undefined {
  const today = civilDateAt(now, timeZone);
  if (cadence.kind === 'daily' || (start === today && end === today)) return undefined;
  return new StageError(
    'BadInput',
    `${name} finds what is there now: its runs have today's date, ${today}, and not ${start === end ? start : `${start} to ${end}`}`,
  );
}

/** The plan of a source whose targets are chosen. */
export function planOf(
  { clock }: Pick<Platform, 'clock'>,
  source: Source,
  input: Omit<RunInput, 'runId'>,
  { open, probes, skipped, leftOut }: PlannedTargets,
): Plan {
  const start = civilDate(input.start);
  const end = civilDate(input.end);
  const work: PlannedPartition[] = [];
  const later: LeftOutTarget[] = [];
  const until = new Date(clock.now()).toISOString();
  for (const date of datesBetween(start, end)) {
    // One probe is one partition, and the newest date says most.
    const targets = date === end ? [...open, ...probes] : open;
    for (const [value, all] of valuesOf(source, targets)) {
      const fitting = source.cadence.kind === 'every' ? fittingIn(all) : all;
      work.push({ value, date, ...crawled(value, fitting) });
      for (const { id } of all.slice(fitting.length)) later.push({ target: id, reason: 'NEXT_RUN', until });
    }
  }
  if (work.length > 0 && source.unset !== undefined)
    throw new StageError('BadInput', unsetText(source, source.unset));
  return { source: source.name, start, end, work, skipped, leftOut: [...leftOut, ...later] };
}

/** As many of the targets, from the first, as one line holds. */
function fittingIn(targets: readonly Target[]): readonly Target[] {
  let bytes = 0;
  const tooMuch = targets.findIndex(({ id }) => {
    // An id is ASCII; beside it stand two quotes and a comma.
    bytes += id.length + 3;
    return bytes > MAX_ID_BYTES;
  });
  return targets.slice(0, tooMuch < 0 ? MAX_TARGETS : Math.min(tooMuch, MAX_TARGETS));
}

function unsetText({ name, settings }: Source, setting: string): string {
  const description = (settings?.shape[setting] as z.ZodType | undefined)?.description;
  return `${name} needs its setting ${setting}, and nobody gave it${description ? `: ${description}` : ''}`;
}

/**
 * What is due longest comes first among the targets of a value; the values are in the order of their names.
 */
function valuesOf(source: Source, targets: readonly Target[]): Iterable<[string, readonly Target[]]> {
  const values = byValue(source, targets);
  if (source.cadence.kind === 'daily') return values;
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1));
}

function crawled(value: string, targets: readonly Target[]): Pick<PartitionWork, 'targets'> {
  const ids = targets.map(({ id }) => id);
  return ids.length === 1 && ids[0] === value ? {} : { targets: ids };
}
