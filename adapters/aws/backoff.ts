import type { Clock } from '../../core/ports/clock.ts';

export interface Backoff {
  /** Tries in all. */
  readonly attempts: number;
  /** Milliseconds; the longest first pause. It doubles from pause to pause. */
  readonly baseMs: number;
  /** Milliseconds; no pause is longer. */
  readonly capMs: number;
}

/**
 * Milliseconds to wait after the try of that number (from 1). The whole pause is chance ("full jitter"):
 * writers that ran into each other must not meet again at the same moment.
 */
export function pauseAfter(attempt: number, { baseMs, capMs }: Backoff): number {
  return Math.round(Math.random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
}

/** Does the work until it succeeds, fails in a way that is not `passing`, or has been tried often enough. */
export async function retrying<T>(
  clock: Clock,
  backoff: Backoff,
  passing: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= backoff.attempts || !passing(error)) throw error;
    }
    await clock.sleep(pauseAfter(attempt, backoff));
  }
}
