import type { Clock } from '../ports/clock.ts';
import {
  type HostQueue,
  HostQueues,
  isLate,
  moveStart,
  NEVER,
  releaseSlot,
  type Waiter,
} from './host-queue.ts';
import type { Pace, Permit } from './permit.ts';
import type { PermitStore } from './permit-store.ts';

/** Paces requests per host over a whole run, whichever source or worker sends them. */
export interface RateLimiter {
  /**
   * Permits are given in the order of asking. Rejects with the signal's reason when it is aborted first, and
   * with what the permit store rejects with where that cannot be asked: then nothing may be sent, and the
   * next one in the queue asks again. `confirm` is the last thing that is awaited before the permit is given,
   * so it comes after every sleep; whoever must not start any more aborts its signal in it. What it rejects
   * with, `acquire` rejects with.
   */
  acquire(host: string, pace: Pace, signal?: AbortSignal, confirm?: () => Promise<void>): Promise<Permit>;
  /**
   * No request to the host starts for the next `ms` milliseconds (clamped); a longer pause already in force
   * stays. It holds here at once, and in other processes as soon as the permit store has it. Nobody waits for
   * that: the answer that asked for the pause has to be recorded whatever the permit store says. What could
   * not be written is written before the next permit is given, and that permit's `acquire` rejects if it
   * fails again.
   */
  penalise(host: string, ms: number): void;
  /** Milliseconds until a pause of the host that is known here is over; 0 where there is none. */
  pausedMs(host: string): number;
}

export interface RateLimiterOptions {
  readonly clock: Clock;
  /** Milliseconds; a site cannot stop a run for longer with one Retry-After. @default 60000 */
  readonly maxPenaltyMs?: number;
  /** Shares delays and pauses with other processes. @default this process is alone */
  readonly permits?: PermitStore;
}

/**
 * Milliseconds for which the pauses that a permit store told hold where nothing is reserved (`minDelayMs:
 * 0`): one read a second is nothing beside the requests of a host that is asked that fast.
 */
const LOOK_EVERY_MS = 1000;

export function createRateLimiter({
  clock,
  maxPenaltyMs = 60_000,
  permits,
}: RateLimiterOptions): RateLimiter {
  const hosts = new HostQueues(clock);

  /**
   * Gives permits to the head of the queue for as long as its pace allows it, then sleeps until it may go on.
   */
  const advance = (queue: HostQueue): void => {
    if (queue.sleeping !== undefined || queue.asking || queue.awaitsSlot) return;
    for (let head = queue.waiting[0]; head !== undefined; head = queue.waiting[0]) {
      if (queue.active >= head.pace.concurrency) return;
      const now = clock.now();
      queue.followClock(now);
      // Whoever slept through a pause until its end would start together with all the others that did.
      if (head.reserved !== undefined && head.reserved < queue.pausedUntil) head.reserved = undefined;
      const startAt = Math.max(
        queue.lastStartAt + head.pace.minDelayMs,
        queue.pausedUntil,
        head.reserved ?? NEVER,
      );
      if (startAt <= now && !takesSlot(queue, head)) return;
      const question = questionFor(queue, head, now, startAt);
      if (question !== undefined) {
        ask(queue, head, question);
        return;
      }
      if (startAt > now) {
        releaseSlot(head);
        head.isConfirmed = false;
        head.hasMoved = false;
        sleepUntil(queue, startAt - now);
        return;
      }
      if (isLate(head, now)) {
        // Once: where the permit store is that slow, it would be late again.
        head.hasMoved = true;
        moveStart(head);
        continue;
      }
      queue.waiting.shift();
      queue.active++;
      queue.lastStartAt = now;
      queue.minDelayMs = head.pace.minDelayMs;
      head.grant({
        waitedMs: now - head.since,
        sent: () => {
          queue.lastStartAt = Math.max(queue.lastStartAt, clock.now());
        },
        release: releaseOnce(queue, head),
      });
    }
  };

  /** True where the head may start as far as slots go; else it goes on when it has one. */
  const takesSlot = (queue: HostQueue, head: Waiter): boolean => {
    const { slots } = head.pace;
    if (slots === undefined || head.hasSlot) return true;
    if (slots.tryTake()) {
      head.hasSlot = true;
      return true;
    }
    queue.awaitsSlot = true;
    slots.take(() => {
      queue.awaitsSlot = false;
      if (queue.waiting[0] === head) {
        head.hasSlot = true;
        moveStart(head);
      } else slots.release();
      advance(queue);
    });
    return false;
  };

  /**
   * What has to be asked before the head may sleep or start: the permit store, and last of all itself;
   * undefined for nothing.
   */
  const questionFor = (
    queue: HostQueue,
    head: Waiter,
    now: number,
    startAt: number,
  ): (() => Promise<void>) | undefined => {
    if (head.isConfirmed && startAt <= now && head.passed === undefined) return undefined;
    const forPermits = questionForPermits(queue, head, now, startAt);
    if (forPermits !== undefined) {
      return async () => {
        await forPermits();
        queue.askedAt = clock.now();
      };
    }
    const { confirm } = head;
    if (confirm === undefined || startAt > now) return undefined;
    return async () => {
      await confirm();
      head.isConfirmed = true;
    };
  };

  const questionForPermits = (
    queue: HostQueue,
    head: Waiter,
    now: number,
    startAt: number,
  ): (() => Promise<void>) | undefined => {
    if (permits === undefined) return undefined;
    if (queue.untold > now) return () => tell(permits, queue);
    if (head.pace.minDelayMs > 0 && head.reserved === undefined) {
      // Ahead of the sleep, so that the permit store's own time is part of the delay and not added to it.
      return async () => {
        head.reserved = await permits.reserve(queue.host, head.pace.minDelayMs, startAt, head.passed);
        head.passed = undefined;
      };
    }
    if (startAt > now || now - queue.askedAt < LOOK_EVERY_MS) return undefined;
    return async () => {
      queue.pausedUntil = Math.max(queue.pausedUntil, await permits.pausedUntil(queue.host));
    };
  };

  const ask = (queue: HostQueue, head: Waiter, question: () => Promise<void>): void => {
    queue.asking = true;
    question()
      .catch((error: unknown) => {
        const at = queue.waiting.indexOf(head);
        // Aborted meanwhile: the next one asks for itself.
        if (at < 0) return;
        queue.waiting.splice(at, 1);
        releaseSlot(head);
        head.refuse(error);
      })
      .then(() => {
        queue.asking = false;
        advance(queue);
      });
  };

  const tell = async (shared: PermitStore, queue: HostQueue): Promise<void> => {
    const until = queue.untold;
    await shared.pause(queue.host, until);
    // A longer one may have come while this one was written.
    if (queue.untold === until) queue.untold = NEVER;
  };

  const sleepUntil = (queue: HostQueue, ms: number): void => {
    const controller = new AbortController();
    queue.sleeping = controller;
    queue.askedAt = NEVER;
    const wake = () => {
      if (queue.sleeping === controller) queue.sleeping = undefined;
      advance(queue);
    };
    clock.sleep(ms, controller.signal).then(wake, wake);
  };

  const releaseOnce = (queue: HostQueue, waiter: Waiter): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      queue.active--;
      releaseSlot(waiter);
      advance(queue);
    };
  };

  return {
    acquire: (host, pace, signal, confirm) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const queue = hosts.of(host);
        const onAbort = () => {
          const at = queue.waiting.indexOf(waiter);
          if (at < 0) return;
          queue.waiting.splice(at, 1);
          releaseSlot(waiter);
          reject(signal?.reason);
          // Nobody is left to wake for, or somebody with another pace is: a sleep left running would hold the
          // process.
          if (at === 0) queue.sleeping?.abort();
        };
        const waiter: Waiter = {
          pace,
          since: clock.now(),
          confirm,
          isConfirmed: false,
          hasSlot: false,
          hasMoved: false,
          grant: (permit) => {
            signal?.removeEventListener('abort', onAbort);
            resolve(permit);
          },
          refuse: (error) => {
            signal?.removeEventListener('abort', onAbort);
            reject(error);
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        queue.waiting.push(waiter);
        advance(queue);
      }),
    pausedMs: (host) => Math.max(0, (hosts.known(host)?.pausedUntil ?? NEVER) - clock.now()),
    penalise: (host, ms) => {
      const queue = hosts.of(host);
      const until = clock.now() + Math.min(Math.max(ms, 0), maxPenaltyMs);
      if (until <= queue.pausedUntil) return;
      queue.pausedUntil = until;
      if (permits === undefined) return;
      queue.untold = until;
      tell(permits, queue).catch(() => {
        // Still untold: it is told before the next permit, which fails if this fails again.
      });
    },
  };
}
