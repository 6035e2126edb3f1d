import { type Failure, isUnresolved } from '../failures/failure.ts';
import { FailureStore, keyOf } from '../failures/failure-store.ts';
import { encodeFailedItem } from '../failures/message.ts';
import { itemName } from '../lake/layout.ts';
import type { Platform } from '../platform.ts';

/** Milliseconds between two looks at the failures: a try takes about a second. */
const LOOK_EVERY_MS = 2000;

/**
 * Asks whoever works the queue to try failures again now: a message for each, which says which failed try a person has seen.
 * Twice the same message asks the site once.
 */
export async function askQueue(
  { failedItems, clock }: Pick<Platform, 'failedItems' | 'clock'>,
  failures: readonly Failure[],
): Promise<void> {
  const now = clock.now();
  await failedItems.send(
    failures.map((failure) => ({
      body: encodeFailedItem(failure, {
        notBefore: now,
        sentAt: now,
        redrives: failure.retry?.redrives ?? 0,
        askedAfter: failure.lastFailedAt,
      }),
      delayMs: 0,
    })),
  );
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Ends when nothing has come of any of them for so long; milliseconds. */
  readonly patienceMs: number;
}

/** The failures as they stand once they were tried, in the order in which that happened; those that were not are left out. */
export async function* followFailures(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  failures: readonly Failure[],
  { signal, patienceMs }: FollowOptions,
): AsyncGenerator<Failure> {
  const register = new FailureStore(state);
  const pending = new Map(failures.map((failure) => [itemName(failure), failure]));
  let until = clock.now() + patienceMs;
  while (pending.size > 0 && !signal.aborted && clock.now() < until) {
    for (const [name, failure] of pending) {
      const after = await register.get(keyOf(failure));
      const isOver =
        !isUnresolved(after) || (after.lastFailedAt !== failure.lastFailedAt && after.claim === null);
      if (after && !isOver) continue;
      pending.delete(name);
      until = clock.now() + patienceMs;
      if (after) yield after;
    }
    if (pending.size > 0) await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}
