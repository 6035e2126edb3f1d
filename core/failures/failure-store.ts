import { civilDate } from '../calendar/civil-date.ts';
import { itemName } from '../lake/layout.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Partition } from '../source/source.ts';
import { Collection, type Place } from '../state/collection.ts';
import {
  closed,
  type FailedItem,
  type Failure,
  failedAgain,
  isUnresolved,
  lastFailedLookOf,
} from './failure.ts';
import { failureSchema } from './failure-schema.ts';

/** Which failure: an item of a partition of a source. */
export interface FailureKey {
  readonly source: string;
  readonly partition: Partition;
  readonly item: string;
}

/** The key of whatever names a failure: the record itself, or a message about it. */
export function keyOf({
  source,
  value,
  date,
  item,
}: {
  readonly source: string;
  readonly value: string;
  readonly date: string;
  readonly item: string;
}): FailureKey {
  return { source, partition: { value, date: civilDate(date) }, item };
}

const failuresPartition = (source: string) => `failures#${source}`;

/**
 * Written whenever failures of a partition are opened: as long as its revision stays, none came to be. For
 * those who read more in one request.
 */
export function markPlace(source: string, { value, date }: Partition): Place {
  return { partition: `failure-marks#${source}`, sort: `${value}#${date}` };
}

/** `racing/gb/2026-11-17/4711` */
export function nameOf({ source, partition, item }: FailureKey): string {
  return itemName({ source, ...partition, item });
}

/** Failures that are read or changed side by side: a store may be far away, and a bad day has hundreds. */
export const FAILURES_AT_ONCE = 16;

/** The failures of a state store. */
export class FailureStore {
  readonly #state: StateStore;
  readonly #failures: Collection<Failure>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#failures = new Collection(state, (value) => failureSchema().parse(value));
  }

  /**
   * Says that failures of a partition are opened: whoever opens some says so before, in case he dies, and
   * again after it, for those who looked in between.
   */
  async mark(source: string, partition: Partition): Promise<void> {
    await this.#state.write([{ kind: 'put', ...markPlace(source, partition), value: true }]);
  }

  /**
   * Opens the failure of an item, or adds this run to the one that is there, and returns it as it stands
   * then. Saying it twice changes nothing.
   */
  async open(
    source: string,
    partition: Partition,
    failed: FailedItem,
    runId: string,
  ): Promise<Failure | undefined> {
    const identity = { source, value: partition.value, date: partition.date };
    return this.change({ source, partition, item: failed.item }, (before) =>
      failedAgain(before, identity, failed, runId),
    );
  }

  /**
   * Closes every unresolved failure of the partition whose item came, and says how many those are, and how
   * many are left. `seenAt`: when it was read, in milliseconds; what was read before the item failed recovers
   * nothing. Run ids could not tell: a retry that died and was taken up again publishes under an id that is
   * older than it.
   */
  async recover(
    source: string,
    partition: Partition,
    seenAt: (item: string) => number | undefined,
    by: { readonly runId: string; readonly at: number },
  ): Promise<{ readonly recovered: number; readonly left: number }> {
    const isRecovered = (failure: Failure | undefined): failure is Failure =>
      isUnresolved(failure) &&
      (seenAt(failure.item) ?? Number.NEGATIVE_INFINITY) >= lastFailedLookOf(failure);
    let left = 0;
    let recovered = 0;
    for await (const failure of this.list(source, partition)) {
      if (!isRecovered(failure)) {
        if (isUnresolved(failure)) left++;
        continue;
      }
      const now = await this.change({ source, partition, item: failure.item }, (before) =>
        isRecovered(before)
          ? closed(before, 'recovered', { at: by.at, by: by.runId }, seenAt(before.item))
          : undefined,
      );
      if (isUnresolved(now)) left++;
      else recovered++;
    }
    return { recovered, left };
  }

  /** All of a source, or of one partition of it, whatever their state; by value, date and item. */
  list(source: string, partition?: Partition): AsyncGenerator<Failure> {
    const options = partition ? { prefix: `${partition.value}#${partition.date}#` } : {};
    return this.#failures.list(failuresPartition(source), options);
  }

  /** Undefined where the item has never failed, or was forgotten. */
  get(key: FailureKey): Promise<Failure | undefined> {
    return this.#failures.get(placeOf(key));
  }

  /**
   * Changes one failure and returns it as it was left: `change` may run more than once, and undefined leaves
   * it as it is.
   */
  change(
    key: FailureKey,
    change: (before: Failure | undefined) => Failure | undefined,
  ): Promise<Failure | undefined> {
    return this.#failures.update(placeOf(key), change);
  }

  /** Forgets a closed failure, and says whether it did: one that was opened again meanwhile stays. */
  forget(key: FailureKey): Promise<boolean> {
    return this.#failures.remove(placeOf(key), (failure) => !isUnresolved(failure));
  }
}

function placeOf({ source, partition: { value, date }, item }: FailureKey): Place {
  return { partition: failuresPartition(source), sort: `${value}#${date}#${item}` };
}
