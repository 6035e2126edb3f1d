import { advise } from '../advice/advise.ts';
import { stepsText } from '../advice/render.ts';
import { type Failure, isUnresolved, shortened, type UNRESOLVED } from '../failures/failure.ts';
import { keyOf } from '../failures/failure-store.ts';
import { triesLeft } from '../failures/retry-policy.ts';
import { partitionName } from '../lake/layout.ts';
import type { OutcomeCode } from '../outcome/outcome.ts';
import { counted } from '../wording/figures.ts';

type Unresolved = (typeof UNRESOLVED)[number];

/** One failed item, with what happens next. */
export interface FailedItemSummary {
  /** Its partition: `racing/gb/2026-11-17`. */
  readonly name: string;
  /** `index` where the index of the day itself failed. */
  readonly item: string;
  readonly url: string;
  readonly code: OutcomeCode;
  /** What sites sent, hostile where they are. */
  readonly message: string | null;
  readonly state: Unresolved;
  /** Milliseconds; it is tried again by itself from then on. Null where it is not. */
  readonly dueAt: number | null;
  /** How often it is tried by itself before it is a dead letter. */
  readonly triesLeft: number;
  /** True where a flag keeps everybody from asking its target for anything. */
  readonly flagged: boolean;
}

/** The failed items of a run's partitions: all of them counted, the first of them named. */
export interface FailedItems {
  readonly total: number;
  readonly states: Readonly<Partial<Record<Unresolved, number>>>;
  readonly codes: Readonly<Partial<Record<OutcomeCode, number>>>;
  /** Their targets that are flagged, in order. */
  readonly flagged: readonly string[];
  /** By partition and item; no more than `NAMED`. */
  readonly items: readonly FailedItemSummary[];
}

/** Items that a summary names: more, nobody reads, and `failures list` has them all. */
export const NAMED = 50;
/** Characters of a message: the first sentence says it, and a page can make it long. */
const MESSAGE_LENGTH = 300;

/** Sums up what is unresolved of these failures. `isFlagged`: of a target. */
export function failedItemsOf(
  failures: readonly Failure[],
  isFlagged: (target: string) => boolean,
): FailedItems {
  const unresolved = failures.filter(isUnresolved);
  const items = unresolved.map((failure) => summaryOf(failure, isFlagged(failure.target)));
  const flagged = [...new Set(unresolved.map(({ target }) => target))].filter(isFlagged).sort();
  const states: Partial<Record<Unresolved, number>> = {};
  const codes: Partial<Record<OutcomeCode, number>> = {};
  for (const { state, code } of items) {
    states[state] = (states[state] ?? 0) + 1;
    codes[code] = (codes[code] ?? 0) + 1;
  }
  const inOrder = items.sort((a, b) => compare(a.name, b.name) || compare(a.item, b.item));
  return { total: items.length, states, codes, flagged, items: inOrder.slice(0, NAMED) };
}

function summaryOf(failure: Failure & { readonly state: Unresolved }, flagged: boolean): FailedItemSummary {
  const { source, item, url, code, message, state, retry } = failure;
  const queued = state === 'queued';
  return {
    name: partitionName(source, keyOf(failure).partition),
    item,
    url,
    code,
    message: shortened(message, MESSAGE_LENGTH),
    state,
    dueAt: queued ? (retry?.dueAt ?? null) : null,
    triesLeft: triesLeft(failure) ?? 0,
    flagged,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What happens next to a failed item, in half a sentence. `time`: how a time is written. */
export function nextText(item: FailedItemSummary, time: (ms: number) => string): string {
  switch (item.state) {
    case 'queued': {
      if (item.flagged) return 'queued, and not tried while its target is flagged';
      const from = item.dueAt === null ? '' : ` from ${time(item.dueAt)}`;
      return `tried again by itself${from}, ${counted(item.triesLeft, 'try', 'tries')} left`;
    }
    case 'dead':
      return 'its tries are used up: it waits for you among the dead letters';
    case 'open': {
      const steps = advise({ kind: 'outcomes', outcomes: [item], place: null });
      return steps.length === 0 ? 'waits for you' : `waits for you: ${stepsText(steps)}`;
    }
  }
}

/** `3 RATE_LIMITED, 1 NOT_FOUND`, the most frequent first. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
