import type { Clock } from '../../../../core/ports/clock.ts';

interface Step {
  readonly owner: string;
  readonly name: string;
  /** When it may go on at the earliest; a call goes on at any time. */
  readonly until: number;
  go(): void;
}

/** Methods that give their values one by one. */
const STREAMS = new Set(['query', 'scan', 'list', 'labels', 'results']);

/**
 * Lets processes take one step after the other, in an order by chance: a step is a call of a port, or the end
 * of a sleep. A process can be killed between any two steps, and time stands still while one is taken.
 */
export class Steps {
  readonly #chance: () => number;
  readonly #dead = new Set<string>();
  #waiting: Step[] = [];
  #running = 0;
  now = Date.parse('2026-03-02T08:00:00Z');
  taken = 0;

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  clockOf(owner: string): Clock {
    return {
      now: () => this.now,
      sleep: (ms) => this.#step(owner, 'sleep', this.now + ms),
    };
  }

  /** The object itself, each call of which is a step of this process; what `streams` gives as well. */
  of<T extends object>(owner: string, object: T): T {
    return new Proxy(object, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (!STREAMS.has(String(name)))
          return async (...given: unknown[]) => {
            await this.#step(owner, String(name), 0);
            return this.#run(() => Reflect.apply(value, target, given));
          };
        return (...given: unknown[]) =>
          this.#stream(owner, String(name), () => Reflect.apply(value, target, given));
      },
    });
  }

  kill(owner: string): void {
    this.#dead.add(owner);
    this.#waiting = this.#waiting.filter((step) => step.owner !== owner);
  }

  /**
   * Takes steps until it is over. `before` is asked before each: for how many milliseconds its process is
   * held up there, while all others go on.
   */
  async drive(isOver: () => boolean, before: (owner: string, name: string) => number): Promise<void> {
    for (;;) {
      await this.#settled();
      if (isOver()) return;
      const ready = this.#waiting.filter(({ until }) => until <= this.now);
      if (ready.length === 0) {
        const next = Math.min(...this.#waiting.map(({ until }) => until));
        if (!Number.isFinite(next)) throw new Error('nobody takes a step, and not all have ended');
        this.now = next;
        continue;
      }
      const step = ready[Math.floor(this.#chance() * ready.length)]!;
      const pause = before(step.owner, step.name);
      if (this.#dead.has(step.owner)) continue;
      this.#waiting = this.#waiting.filter((each) => each !== step);
      if (pause > 0) {
        this.#waiting.push({ ...step, until: this.now + pause });
        continue;
      }
      this.taken++;
      step.go();
    }
  }

  #step(owner: string, name: string, until: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#dead.has(owner)) this.#waiting.push({ owner, name, until, go: resolve });
    });
  }

  async *#stream(owner: string, name: string, open: () => AsyncIterable<unknown>): AsyncGenerator<unknown> {
    await this.#step(owner, name, 0);
    const all = await this.#run(() => Array.fromAsync(open()));
    for (const [at, one] of all.entries()) {
      if (name === 'results' && at > 0) await this.#step(owner, name, 0);
      yield one;
    }
  }

  async #run<T>(call: () => T | Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await call();
    } finally {
      this.#running--;
    }
  }

  /** Whoever can go on without a step has done so. */
  async #settled(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#running > 0);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
