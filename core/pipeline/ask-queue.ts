import { encodeFailedItem } from '../work/failed-item.ts';
import { type Failure, isUnresolved } from '../work/failure.ts';
import { FailureRegister, keyOf } from '../work/failure-register.ts';
import type { Platform } from './platform.ts';

/** Milliseconds between two looks at the failures: a try takes about a second. */
const LOOK_EVERY_MS = 2000;

/**
 * Asks whoever works the queue to try failures again now: a message for each, which says when a person asked for it. Twice the
 * same message asks the site once. Returns that time, in milliseconds.
 */
export async function askQueue(
  { failedItems, clock }: Pick<Platform, 'failedItems' | 'clock'>,
  failures: readonly Failure[],
): Promise<number> {
  const askedAt = clock.now();
  await failedItems.send(
    failures.map((failure) => ({
      body: encodeFailedItem(failure, {
        notBefore: askedAt,
        redrives: failure.retry?.redrives ?? 0,
        askedAt,
      }),
      delayMs: 0,
    })),
  );
  return askedAt;
}

export interface FollowOptions {
  readonly askedAt: number;
  readonly signal: AbortSignal;
  /** Ends when nothing has come of any of them for so long; milliseconds. */
  readonly patienceMs: number;
}

/** The failures as they stand once they were tried, in the order in which that happened; those that were not are left out. */
export async function* followFailures(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  failures: readonly Failure[],
  { askedAt, signal, patienceMs }: FollowOptions,
): AsyncGenerator<Failure> {
  const register = new FailureRegister(state);
  const pending = new Map(failures.map((failure) => [nameOf(failure), failure]));
  let until = clock.now() + patienceMs;
  while (pending.size > 0 && !signal.aborted && clock.now() < until) {
    for (const [name, failure] of pending) {
      const after = await register.get(keyOf(failure));
      const isOver = !isUnresolved(after) || (after.lastFailedAt > askedAt && after.claim === null);
      if (after && !isOver) continue;
      pending.delete(name);
      until = clock.now() + patienceMs;
      if (after) yield after;
    }
    if (pending.size > 0) await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}

function nameOf({ source, target, date, item }: Failure): string {
  return `${source}/${target}/${date}/${item}`;
}
