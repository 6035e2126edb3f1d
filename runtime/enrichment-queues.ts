import type { WorkQueue } from '../core/ports/work-queue.ts';

type OpenQueue = WorkQueue & { close(): void };

/** The queues of enrichment, one a kind. Each is opened when it is first asked for. */
export class EnrichmentQueues<Queue extends OpenQueue> {
  readonly #open: (kind: string) => Queue;
  readonly #queues = new Map<string, Queue>();

  /** `open` throws for a kind that has no queue here. */
  constructor(open: (kind: string) => Queue) {
    this.#open = open;
  }

  readonly of = (kind: string): Queue => {
    const queue = this.#queues.get(kind) ?? this.#open(kind);
    this.#queues.set(kind, queue);
    return queue;
  };

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }
}
