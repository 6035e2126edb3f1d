import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../core/ports/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Time that moves only when it is told to; whoever sleeps wakes in the order of the hour. */
export class ManualClock implements Clock {
  #now = 1_000_000;
  #sleepers: Sleeper[] = [];

  now(): number {
    return this.#now;
  }

  /** How many sleep just now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      this.#sleepers.push({ until: this.#now + ms, wake: resolve });
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter(({ wake }) => wake !== resolve);
        reject(signal.reason);
      });
    });
  }

  /** Moves on by `ms`, stopping at every hour at which somebody wants to wake. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.until);
      this.#sleepers = this.#sleepers.filter((each) => each !== next);
      next.wake();
      await settled();
    }
    this.#now = end;
  }

  /** The clock is set, forward or back; timers know nothing of it. */
  set(by: number): void {
    this.#now += by;
    this.#sleepers = this.#sleepers.map(({ until, wake }) => ({ until: until + by, wake }));
  }

  /** Moves on until nobody sleeps. */
  async run(): Promise<void> {
    await settled();
    while (this.#sleepers.length > 0) {
      await this.advance(Math.max(0, Math.min(...this.#sleepers.map(({ until }) => until)) - this.#now));
    }
  }

  #next(end: number): Sleeper | undefined {
    return this.#sleepers.filter(({ until }) => until <= end).toSorted((a, b) => a.until - b.until)[0];
  }
}

/** Everything that promises had to do with one another is done; SQLite answers with the next tick. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate();
}
