import type { Clock } from '../ports/clock.ts';

/** How fast one host may be asked. */
export interface Pace {
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Milliseconds between two starts. */
  readonly minDelayMs: number;
}

/** Leave to send one request. `release` must be called once the exchange is over; again is harmless. */
export interface Turn {
  /** Milliseconds spent waiting for it. */
  readonly waitedMs: number;
  release(): void;
}

/** Paces requests per host over a whole run, whichever source or worker sends them. */
export interface HostClock {
  /** Turns are given in the order of asking. Rejects with the signal's reason when it is aborted first. */
  acquire(host: string, pace: Pace, signal?: AbortSignal): Promise<Turn>;
  /** No request to the host starts for the next `ms` milliseconds (clamped); a longer pause already in force stays. */
  penalise(host: string, ms: number): void;
}

export interface HostClockOptions {
  readonly clock: Clock;
  /** Milliseconds; a site cannot stop a run for longer with one Retry-After. @default 60000 */
  readonly maxPenaltyMs?: number;
}

interface Waiter {
  readonly pace: Pace;
  readonly since: number;
  readonly grant: (turn: Turn) => void;
}

class HostQueue {
  active = 0;
  lastStartAt = Number.NEGATIVE_INFINITY;
  pausedUntil = Number.NEGATIVE_INFINITY;
  readonly waiting: Waiter[] = [];
  /** Set while one sleep runs for the head of the queue. */
  sleeping: AbortController | undefined;
}

export function createHostClock({ clock, maxPenaltyMs = 60_000 }: HostClockOptions): HostClock {
  const hosts = new Map<string, HostQueue>();

  const queueOf = (host: string): HostQueue => {
    const known = hosts.get(host);
    if (known !== undefined) return known;
    const queue = new HostQueue();
    hosts.set(host, queue);
    return queue;
  };

  /** Gives turns to the head of the queue for as long as its pace allows it, then sleeps until it may go on. */
  const advance = (queue: HostQueue): void => {
    if (queue.sleeping !== undefined) return;
    for (let head = queue.waiting[0]; head !== undefined; head = queue.waiting[0]) {
      if (queue.active >= head.pace.concurrency) return;
      const now = clock.now();
      const startAt = Math.max(queue.lastStartAt + head.pace.minDelayMs, queue.pausedUntil);
      if (startAt > now) {
        sleepUntil(queue, startAt - now);
        return;
      }
      queue.waiting.shift();
      queue.active++;
      queue.lastStartAt = now;
      head.grant({ waitedMs: now - head.since, release: releaseOnce(queue) });
    }
  };

  const sleepUntil = (queue: HostQueue, ms: number): void => {
    const controller = new AbortController();
    queue.sleeping = controller;
    const wake = () => {
      if (queue.sleeping === controller) queue.sleeping = undefined;
      advance(queue);
    };
    clock.sleep(ms, controller.signal).then(wake, wake);
  };

  const releaseOnce = (queue: HostQueue): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      queue.active--;
      advance(queue);
    };
  };

  return {
    acquire: (host, pace, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const queue = queueOf(host);
        const onAbort = () => {
          const at = queue.waiting.indexOf(waiter);
          if (at < 0) return;
          queue.waiting.splice(at, 1);
          reject(signal?.reason);
          // Nobody is left to wake for, or somebody with another pace is: a sleep left running would hold the process.
          if (at === 0) queue.sleeping?.abort();
        };
        const waiter: Waiter = {
          pace,
          since: clock.now(),
          grant: (turn) => {
            signal?.removeEventListener('abort', onAbort);
            resolve(turn);
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        queue.waiting.push(waiter);
        advance(queue);
      }),
    penalise: (host, ms) => {
      const queue = queueOf(host);
      queue.pausedUntil = Math.max(queue.pausedUntil, clock.now() + Math.min(Math.max(ms, 0), maxPenaltyMs));
    },
  };
}
