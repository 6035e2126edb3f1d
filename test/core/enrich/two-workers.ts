import { setImmediate as soon } from 'node:timers/promises';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { batchHandler } from '../../../core/enrich/handle-batch.ts';
import type { EnrichmentStores } from '../../../core/enrich/stores.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import type { WorkQueue } from '../../../core/ports/work-queue.ts';
import { type EnrichmentWorld, type messageOf, workOnce } from './enrichment-world.ts';

/** What somebody beside the workers does. */
export type Deed =
  | { readonly kind: 'push'; readonly message: ReturnType<typeof messageOf> }
  | { readonly kind: 'delete'; readonly entity: { readonly kind: string; readonly key: string } };

class Crash extends Error {
  override readonly name = 'Crash';
}

/** A worker that waits before each step of its own until it is let go on, or dies there. */
class Worker {
  /** Steps that it takes side by side. */
  #waiting: { go(): void; die(error: Error): void }[] = [];
  #isDead = false;
  isRunning = false;

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  step(): Promise<void> {
    if (this.#isDead) return Promise.reject(new Crash());
    return new Promise((go, die) => {
      this.#waiting.push({ go, die });
    });
  }

  goOn(): void {
    this.#waiting.shift()?.go();
  }

  die(): void {
    this.#isDead = true;
    for (const { die } of this.#waiting.splice(0)) die(new Crash());
  }
}

/**
 * Plays the deeds and two workers in an order that `random` (0 to below 1) decides, step by step: a worker
 * may be held up or die before each read and each write, and messages that it holds come again meanwhile.
 * Ends when all deeds are done and the workers have ended.
 */
export async function playTwoWorkers(
  world: EnrichmentWorld,
  deeds: readonly Deed[],
  random: () => number,
  crashes: number,
): Promise<void> {
  const kinds = [...world.queues.keys()];
  for (const queue of world.queues.values()) queue.choose = (due) => Math.floor(random() * due);
  const workers: (Worker | undefined)[] = [undefined, undefined];
  const left = [...deeds];
  let crashesLeft = crashes;
  const start = (at: number) => {
    const worker = new Worker();
    worker.isRunning = true;
    workers[at] = worker;
    const stores = heldUp(world.stores, worker);
    const handle = batchHandler(stores);
    const work = async () => {
      for (let n = 0; n < 3; n++) {
        const kind = kinds[Math.floor(random() * kinds.length)]!;
        await workOnce(stores, handle, kind, 1 + Math.floor(random() * 10));
      }
    };
    return work()
      .catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      })
      .finally(() => {
        worker.isRunning = false;
        workers[at] = undefined;
      });
  };
  const running = new Set<Promise<void>>();
  while (left.length > 0 || workers.some(Boolean)) {
    const chance = random();
    const at = random() < 0.5 ? 0 : 1;
    const worker = workers[at];
    if (chance < 0.08 && left.length > 0) await deed(world, left.shift()!);
    else if (chance < 0.1) world.now += 61_000;
    else if (!worker) {
      if (left.length > 0) running.add(start(at));
    } else if (chance < 0.12 && crashesLeft > 0 && worker.isWaiting) {
      crashesLeft--;
      worker.die();
    } else worker.goOn();
    await settled(workers);
  }
  await Promise.all(running);
}

async function deed(world: EnrichmentWorld, done: Deed): Promise<void> {
  if (done.kind === 'push') await world.send(done.message);
  else await new EntityStore(world.state).delete(done.entity);
}

/** Until everybody has ended or waits: nothing here waits for anything but promises. */
async function settled(workers: readonly (Worker | undefined)[]): Promise<void> {
  while (workers.some((worker) => worker?.isRunning && !worker.isWaiting)) await soon();
}

function heldUp(stores: EnrichmentStores, worker: Worker): EnrichmentStores {
  const { state } = stores;
  const slow: StateStore = {
    get: async (...place) => {
      await worker.step();
      return state.get(...place);
    },
    getMany: async (names) => {
      await worker.step();
      return state.getMany(names);
    },
    query: async function* (...asked) {
      await worker.step();
      yield* state.query(...asked);
    },
    scan: () => state.scan(),
    write: async (writes) => {
      await worker.step();
      return state.write(writes);
    },
    transact: async (writes) => {
      await worker.step();
      return state.transact(writes);
    },
  };
  return {
    ...stores,
    state: slow,
    enrichmentQueue: (kind) => heldUpQueue(stores.enrichmentQueue(kind), worker),
  };
}

function heldUpQueue(queue: WorkQueue, worker: Worker): WorkQueue {
  return new Proxy(queue, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return async (...given: unknown[]) => {
        await worker.step();
        return Reflect.apply(method, target, given);
      };
    },
  });
}
