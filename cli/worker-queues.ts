import type { QueueDepth } from '../core/ports/work-queue.ts';
import { isoTime } from '../core/wording/times.ts';
import type { LocalPlatform } from '../runtime/local.ts';
import { printLine } from './json.ts';

/** What is in the queues of one kind of work. */
export type Waiting = QueueDepth & {
  /** When the next message that waits may be worked; null where none waits. Milliseconds. */
  readonly nextDueAt: number | null;
};

export async function waitingIn(queues: Iterable<LocalPlatform['failedItems']>): Promise<Waiting> {
  const sum = { due: 0, delayed: 0, inFlight: 0, dead: 0 };
  let nextDueAt: number | null = null;
  for (const queue of queues) {
    const depth = await queue.depth();
    for (const place of ['due', 'delayed', 'inFlight', 'dead'] as const) sum[place] += depth[place];
    const next = await queue.nextDueAt();
    if (next !== null) nextDueAt = Math.min(nextDueAt ?? next, next);
  }
  return { ...sum, nextDueAt };
}

/** `0 due, 3 waiting (the next is due at 2026-11-17T02:15:30Z), 1 under way` */
export function waitingText({ due, delayed, inFlight, nextDueAt }: Waiting): string {
  const next = nextDueAt === null ? '' : ` (the next is due at ${isoTime(nextDueAt)})`;
  return `${due} due, ${delayed} waiting${next}, ${inFlight} under way`;
}

/** The last line of a worker that does not wait, for programs: when it is worth calling it again. */
export function printWaiting(work: string, { due, delayed, inFlight, nextDueAt }: Waiting): void {
  const next_due_at = nextDueAt === null ? null : new Date(nextDueAt).toISOString();
  printLine({ work, due, waiting: delayed, under_way: inFlight, next_due_at });
}
