import type { Platform } from '../../../core/platform.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import type { StateStore, StateWrite } from '../../../core/ports/state-store.ts';
import type { WorkQueue } from '../../../core/ports/work-queue.ts';

/** One write that is about to happen. */
export interface PendingWrite {
  /** Key of the object, or `partition/sort` of the first document. */
  readonly name: string;
  readonly durable: boolean;
  /** Starts the write; it goes on by itself from there. */
  start(): void;
}

/** Told of every write before it happens; what it throws, the writer sees. */
export type OnWrite = (write: PendingWrite) => void | Promise<void>;

/** The platform itself, with somebody watching what is written to its lake and its state, and deleted. */
export function watchedPlatform<P extends Platform>(platform: P, onWrite: OnWrite): P {
  const { lake, state } = platform;
  return { ...platform, lake: watchedLake(lake, onWrite), state: watchedState(state, onWrite) };
}

class Killed extends Error {}

/**
 * Works over the platform as a process does that dies before its nth write; whether it came to that. Throws
 * what the work throws for any other reason.
 */
export async function diesBeforeWrite<P extends Platform>(
  platform: P,
  nth: number,
  work: (mortal: P) => Promise<unknown>,
): Promise<boolean> {
  let seen = 0;
  const mortal = watchedPlatform(platform, () => {
    if (++seen >= nth) throw new Killed();
  });
  try {
    await work(mortal);
    return false;
  } catch (error) {
    if (error instanceof Killed) return true;
    throw error;
  }
}

/** The store itself, with somebody watching what is written and deleted. */
function watchedLake(store: ObjectStore, onWrite: OnWrite): ObjectStore {
  return over<ObjectStore>(store, {
    put: async (key, body, options) => {
      await onWrite({
        name: key,
        durable: options?.durable === true,
        start: () => void store.put(key, body, options),
      });
      return store.put(key, body, options);
    },
    delete: async (key) => {
      await onWrite({ name: key, durable: false, start: () => void store.delete(key) });
      return store.delete(key);
    },
  });
}

/** As `watchedLake`, for the documents of the state. */
function watchedState(store: StateStore, onWrite: OnWrite): StateStore {
  const told = ([first]: readonly StateWrite[], start: () => void) =>
    onWrite({ name: `${first?.partition}/${first?.sort}`, durable: false, start });
  return over<StateStore>(store, {
    write: async (writes) => {
      await told(writes, () => void store.write(writes));
      return store.write(writes);
    },
    transact: async (writes) => {
      await told(writes, () => void store.transact(writes));
      return store.transact(writes);
    },
  });
}

/** As `watchedLake`, for a queue: taking a message is a write as well. */
export function watchedQueue(queue: WorkQueue, onWrite: OnWrite): WorkQueue {
  const told = (name: string) => onWrite({ name: `queue/${name}`, durable: false, start: () => {} });
  return over<WorkQueue>(queue, {
    send: async (messages) => {
      await told('send');
      return queue.send(messages);
    },
    receive: async (options) => {
      await told('receive');
      return queue.receive(options);
    },
    acknowledge: async (messages) => {
      await told('acknowledge');
      return queue.acknowledge(messages);
    },
    release: async (message, delayMs) => {
      await told('release');
      return queue.release(message, delayMs);
    },
    deadLetter: async (message, reason) => {
      await told('deadLetter');
      return queue.deadLetter(message, reason);
    },
    sendDeadLetter: async (body, reason) => {
      await told('sendDeadLetter');
      return queue.sendDeadLetter(body, reason);
    },
  });
}

/** The object itself, with somebody told of every call: of which method, and what it was given first. */
export function toldOfCalls<T extends object>(object: T, tell: (method: string, first: unknown) => void): T {
  return new Proxy(object, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        tell(String(name), given[0]);
        return Reflect.apply(value, target, given);
      };
    },
  });
}

/** The methods of an object with some of them replaced; the rest keep their `this`. */
export function over<T extends object>(object: T, replaced: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
