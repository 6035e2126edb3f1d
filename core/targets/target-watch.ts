import type { SkipFlag } from './target.ts';

/** The two kinds of page: an index that answers says nothing of the pages that it lists. */
export type PageKind = 'index' | 'item';

/**
 * What one process knows of its targets and no store could tell it in time: answers that have come and are
 * not judged yet, and requests that wait for a permit of their host. Kept in memory; the flag itself is in
 * the `TargetStore`.
 */
export class TargetWatch {
  readonly #targets = new Map<string, WatchedTarget>();

  of(source: string, target: string): WatchedTarget {
    const name = `${source}#${target}`;
    const known = this.#targets.get(name);
    if (known !== undefined) return known;
    const watched = new WatchedTarget();
    this.#targets.set(name, watched);
    return watched;
  }
}

/** One visit at a target, from before its request waits until its answer is judged. */
export interface Visit {
  /**
   * Aborted with the flag when the target is flagged, since the visit was asked for: whoever waits for
   * a permit is woken.
   */
  readonly withdrawn: AbortSignal;
  /** The answer is there: no other request of the target starts until it is judged. Again is harmless. */
  arrived(): void;
  /**
   * Ends the visit. `opens`: an answer came, and it was no wall. Must be called, also where nothing was sent.
   */
  judged(opens: boolean): void;
}

export class WatchedTarget {
  #withdrawal = new AbortController();
  #unjudged = 0;
  #onJudged: (() => void)[] = [];
  /** Kinds of which an answer was no wall. */
  readonly #open = new Set<PageKind>();
  /** Kinds of which one request is out alone, and who waits for what comes of it. */
  readonly #scouts = new Map<PageKind, (() => void)[]>();

  /** The target is flagged. Visits that are asked for later wait again: the flag may have been lifted. */
  withdraw(flag: SkipFlag): void {
    const ended = this.#withdrawal;
    this.#withdrawal = new AbortController();
    this.#open.clear();
    ended.abort(flag);
  }

  /** Whether an answer has come that nobody has judged: it may be a wall. */
  get isUndecided(): boolean {
    return this.#unjudged > 0;
  }

  /** Resolves when no answer waits to be judged. */
  async decided(): Promise<void> {
    while (this.#unjudged > 0) await new Promise<void>((resolve) => this.#onJudged.push(resolve));
  }

  /** The first request of a kind goes alone, so that a wall which stands from the beginning is met once. */
  async enter(kind: PageKind): Promise<Visit> {
    const withdrawn = this.#withdrawal.signal;
    while (this.#scouts.has(kind) && !this.#open.has(kind))
      await new Promise<void>((resolve) => this.#scouts.get(kind)!.push(resolve));
    const isScout = !this.#open.has(kind);
    if (isScout) this.#scouts.set(kind, []);
    let hasArrived = false;
    return {
      withdrawn,
      arrived: () => {
        if (hasArrived) return;
        hasArrived = true;
        this.#unjudged++;
      },
      judged: (opens) => {
        if (opens) this.#open.add(kind);
        if (hasArrived && --this.#unjudged === 0) for (const wake of this.#onJudged.splice(0)) wake();
        if (!isScout) return;
        const waiting = this.#scouts.get(kind) ?? [];
        this.#scouts.delete(kind);
        for (const wake of waiting) wake();
      },
    };
  }
}
