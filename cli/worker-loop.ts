import type { Clock } from '../core/ports/clock.ts';
import type { LocalPlatform } from '../runtime/local.ts';
import type { Place } from './advice.ts';

/** Milliseconds to leave a store alone that was out of reach. */
const AFTER_TROUBLE_MS = 30_000;

export interface WorkOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly place: Place;
  readonly signal: AbortSignal;
}

/**
 * Does the work again and again until the signal comes, with a pause in between; trouble with a store is
 * told, and the work goes on. With `once` the work is done once, and trouble is thrown.
 */
export async function repeat(
  { clock }: Pick<LocalPlatform, 'clock'>,
  { once, signal, everyMs }: Pick<WorkOptions, 'once' | 'signal'> & { readonly everyMs: number },
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = everyMs;
    try {
      await work();
    } catch (error) {
      if (once) throw error;
      console.error(`rescrape: ${(error as Error).message}; trying again in ${AFTER_TROUBLE_MS / 1000} s`);
      pauseMs = AFTER_TROUBLE_MS;
    }
    if (once) return;
    await clock.sleep(pauseMs, signal).catch(() => undefined);
  }
}

/** Something that is done at once, and then every so many milliseconds. */
export class Due {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #at = 0;

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  async whenDue(work: () => Promise<unknown>): Promise<void> {
    if (this.#clock.now() < this.#at) return;
    await work();
    this.#at = this.#clock.now() + this.#everyMs;
  }
}
