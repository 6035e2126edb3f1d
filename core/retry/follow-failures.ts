import { type Failure, isUnresolved } from '../failures/failure.ts';
import { FailureStore, keyOf } from '../failures/failure-store.ts';
import { itemName } from '../lake/layout.ts';
import type { Platform } from '../platform.ts';

/** Milliseconds between two looks at the failures: a try takes about a second. */
const LOOK_EVERY_MS = 2000;

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Ends when nothing has come of any of them for so long; milliseconds. */
  readonly patienceMs: number;
}

/**
 * The failures as they are once they were tried, in the order in which that happened; those that were not are
 * left out.
 */
export async function* followFailures(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  failures: readonly Failure[],
  { signal, patienceMs }: FollowOptions,
): AsyncGenerator<Failure> {
  const store = new FailureStore(state);
  const pending = new Map(failures.map((failure) => [itemName(failure), failure]));
  let until = clock.now() + patienceMs;
  while (pending.size > 0 && !signal.aborted && clock.now() < until) {
    for (const [name, failure] of pending) {
      const after = await store.get(keyOf(failure));
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
