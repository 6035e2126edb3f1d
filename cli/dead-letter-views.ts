import { type Step, stepsAt } from '../core/advice/step.ts';
import { nameOf } from '../core/failures/failure-store.ts';
import type { AnyDeadLetter, DeadLetterStatus } from '../core/retry/dead-letter.ts';
import type { Place } from './advice.ts';
import { type List, timeText } from './list.ts';

/** A dead letter for programs. Times in milliseconds. */
export interface DeadLetterView {
  readonly id: string;
  readonly status: DeadLetterStatus;
  /** `racing/gb/2026-11-17/4711`; null where nobody can read the message, and of a record. */
  readonly item: string | null;
  /** Of a record; null of a failed item. */
  readonly kind: string | null;
  readonly reason: string;
  /** Why a redrive would do nothing; null where it does something. */
  readonly obstacle: string | null;
  /** What is wrong with a record: a line a field. */
  readonly errors: readonly string[];
  /** Of the failure, as are `message` and `state`; null where none is on record. */
  readonly code: string | null;
  readonly message: string | null;
  readonly state: string | null;
  readonly deadAt: number | null;
  readonly next: readonly Step[];
}

export function itemNameOf(entry: AnyDeadLetter): string | null {
  return entry.of === 'item' ? entry.key && nameOf(entry.key) : null;
}

/** `place`: where the command works. */
export function viewOf(entry: AnyDeadLetter, place: Place): DeadLetterView {
  const { id, status, reason, obstacle, next } = entry;
  const failure = entry.of === 'item' ? entry.failure : null;
  const record = entry.of === 'record' ? entry.entry.record : null;
  return {
    ...{ id, status, item: itemNameOf(entry), reason, obstacle },
    kind: entry.of === 'record' ? entry.entry.kind : null,
    errors: record?.errors ?? [],
    code: failure?.code ?? null,
    message: failure?.message ?? null,
    state: failure?.state ?? null,
    deadAt: failure?.retry?.deadAt ?? record?.at ?? null,
    next: stepsAt(place, next),
  };
}

/** As `--json` prints it: errors have the names that they have in the tables, `next` is the command. */
export function deadLetterRecord({ code, message, next, ...view }: DeadLetterView): Record<string, unknown> {
  return { ...view, error_code: code, error_message: message, next: next[0]?.command ?? null };
}

export function listOf(entries: readonly AnyDeadLetter[], place: Place): Omit<List, 'none'> {
  const views = entries.map((entry) => viewOf(entry, place));
  return {
    columns: [
      { name: 'id', title: 'dead letter' },
      { name: 'error_code', title: 'code' },
      { name: 'status' },
      { name: 'dead_at', title: 'dead since' },
      { name: 'reason' },
      { name: 'obstacle', title: 'in the way of a redrive' },
    ],
    rows: views.map(({ code, deadAt, ...view }) => ({
      ...view,
      error_code: code,
      dead_at: timeText(deadAt),
    })),
    values: views.map(deadLetterRecord),
  };
}
