import { minutesOf } from '../source/cadence.ts';
import type { Source } from '../source/source.ts';
import { leftOutOf } from '../targets/schedule-status.ts';
import type { TargetRecord } from '../targets/target.ts';
import { DAY_STATUSES, type DayStatus, isExpected, type TargetsOfDay } from '../targets/target-day.ts';
import { counted } from '../wording/figures.ts';
import { isoTime } from '../wording/times.ts';
import type { TargetOfDay } from './target-days.ts';

/** Names that are kept of each status. */
const MAX_NAMES = 20;
/** Periods of a source in which nothing was crawled, although something was due, after which it is stale. */
const SILENT_PERIODS = 3;

/** Counts the targets of a value and date one by one. */
export class TargetsTally {
  readonly #counts = Object.fromEntries(DAY_STATUSES.map((status) => [status, 0])) as Record<
    DayStatus,
    number
  >;
  readonly #names: Partial<Record<DayStatus, string[]>> = {};
  /** When the last crawl ended that failed; milliseconds. */
  #failedAt = 0;

  add({ target, status, endedAt }: Pick<TargetOfDay, 'target' | 'status' | 'endedAt'>): void {
    this.#counts[status] += 1;
    if (status === 'failed') this.#failedAt = Math.max(this.#failedAt, endedAt ?? Number.POSITIVE_INFINITY);
    if (status === 'found' || status === 'not_due') return;
    const names = this.#names[status] ?? [];
    this.#names[status] = names;
    if (names.length < MAX_NAMES) names.push(target);
  }

  /**
   * `healedAt`: when the partition was last published without any failed item, milliseconds. What failed
   * before that has been found since.
   */
  counted(healedAt: number | null): TargetsOfDay {
    const expected = DAY_STATUSES.filter(isExpected).reduce((sum, status) => sum + this.#counts[status], 0);
    const { failed: failedNames, ...others } = this.#names;
    if (healedAt === null || healedAt <= this.#failedAt)
      return { ...this.#counts, expected, names: this.#names };
    const { found, failed } = this.#counts;
    return { ...this.#counts, found: found + failed, failed: 0, expected, names: others };
  }
}

/** Those that were expected and not crawled, with what is said of them. */
const LACKING: readonly (readonly [status: DayStatus, what: string])[] = [
  ['due', 'due and not crawled'],
  ['skipped', 'due and skipped'],
  ['given_up', 'due and given up'],
  ['unknown', 'not on record for the date'],
];

/** `2 targets were due and not crawled (oak, elm)`; what is wrong with a date that is over. */
export function unfinishedTexts(targets: TargetsOfDay): string[] {
  const { names } = targets;
  const texts = LACKING.flatMap(([status, what]) =>
    targets[status] > 0 ? [textOf(targets[status], what, names[status])] : [],
  );
  return [...texts, ...failedTexts(targets)];
}

/** What is wrong with a date, whether it is over or not. */
export function failedTexts({ failed, names }: TargetsOfDay): string[] {
  return failed > 0 ? [textOf(failed, 'crawled and not whole', names.failed)] : [];
}

function textOf(count: number, what: string, names: readonly string[] = []): string {
  const more = count > names.length ? ` and ${count - names.length} more` : '';
  return `${counted(count, 'target')} ${what} (${names.join(', ')}${more})`;
}

/** Tells of the targets of a value whether the source has stopped. */
export class SilenceTally {
  #lastAt = 0;
  #isDue = false;

  add(source: Source, record: TargetRecord, now: number): void {
    this.#lastAt = Math.max(this.#lastAt, record.lastCrawlAt ?? 0, record.releasedAt ?? 0);
    const terms = { now, every: minutesOf(source.cadence), all: false };
    this.#isDue ||= leftOutOf(source, record, terms) === undefined;
  }

  /** Why the value is stale, in one line; undefined where it is not. `now`: milliseconds. */
  text(source: Source, now: number): string | undefined {
    const minutes = minutesOf(source.cadence);
    if (!this.#isDue || this.#lastAt === 0 || now - this.#lastAt < SILENT_PERIODS * minutes * 60_000)
      return undefined;
    return `nothing was crawled since ${isoTime(this.#lastAt)}, for ${SILENT_PERIODS} periods of ${minutes} minutes, although targets are due`;
  }
}
