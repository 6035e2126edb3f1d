import type { Clock } from '../ports/clock.ts';

/**
 * Milliseconds that a request on its way has left once its signal is aborted: most come within them, and need
 * no second one.
 */
const ABORT_GRACE_MS = 5000;

/** What a request that is given up rejects with. */
export const CUT_OFF = new Error(`cut off ${ABORT_GRACE_MS} ms after an interruption`);

/**
 * A signal that is aborted (`CUT_OFF`) a little later than the one that is followed, unless `end` is called
 * before.
 */
export class AbortGrace {
  readonly #cut = new AbortController();
  /** Since the followed one was aborted: ends the wait. To abort one costs more than all else of a request. */
  #over: AbortController | undefined;
  readonly #clock: Clock;
  readonly #followed: AbortSignal | undefined;

  constructor(clock: Clock, followed: AbortSignal | undefined) {
    this.#clock = clock;
    this.#followed = followed;
    followed?.addEventListener('abort', this.#begin, { once: true });
  }

  get signal(): AbortSignal {
    return this.#cut.signal;
  }

  end(): void {
    this.#followed?.removeEventListener('abort', this.#begin);
    this.#over?.abort();
  }

  readonly #begin = (): void => {
    this.#over = new AbortController();
    this.#clock.sleep(ABORT_GRACE_MS, this.#over.signal).then(
      () => this.#cut.abort(CUT_OFF),
      () => undefined,
    );
  };
}
