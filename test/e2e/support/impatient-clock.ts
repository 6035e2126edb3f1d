import type { Clock } from '../../../core/ports/clock.ts';
import { testClock } from './test-time.ts';

/**
 * The clock of the tests for somebody who will not wait: a sleep ends at once, and the time that it should
 * have taken has passed. Two who sleep at the same time wake at the same time, as they would have.
 */
export class ImpatientClock implements Clock {
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: number[] = [];
  #skipped: number;

  /**
   * `ahead`: milliseconds by which it goes fast from the start, for whoever follows a clock that skipped
   * waits.
   */
  constructor(ahead = 0) {
    this.#skipped = ahead;
  }

  now(): number {
    return testClock.now() + this.#skipped;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.waits.push(ms);
    const until = this.now() + ms;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.#skipped += Math.max(0, until - this.now());
  }
}
