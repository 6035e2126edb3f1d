import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../core/ports/clock.ts';

/** Longest wait of one timer of Node (2^31 − 1 ms, about 24.8 days); anything longer would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    let left = ms;
    try {
      for (; left > MAX_TIMER_MS; left -= MAX_TIMER_MS) await setTimeout(MAX_TIMER_MS, undefined, { signal });
      await setTimeout(Math.max(0, left), undefined, { signal });
    } catch (error) {
      // Node wraps the reason into an AbortError of its own; the port promises the reason itself.
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/**
 * The machine's clock, so many milliseconds fast; slow where they are negative. It sleeps as long as any
 * other.
 */
export function clockAhead(ms: number): Clock {
  return { ...systemClock, now: () => Date.now() + ms };
}
