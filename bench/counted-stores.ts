import type { Platform } from '../core/platform.ts';
import type { StateStore, StateWrite } from '../core/ports/state-store.ts';

/** What the calls of one stage took, and asked of the stores. Milliseconds are those of a core. */
export interface StageUse {
  calls: number;
  /** Milliseconds, of all calls. */
  ms: number;
  /** The slowest call. */
  maxMs: number;
  puts: number;
  gets: number;
  lists: number;
  deletes: number;
  /** Requests to the state. */
  stateCalls: number;
  /** DynamoDB units: 4 KB of a consistent read; 1 KB of a write, twice that in a transaction. */
  readUnits: number;
  writeUnits: number;
  bytesPut: number;
}

export const unused = (): StageUse => ({
  calls: 0,
  ms: 0,
  maxMs: 0,
  puts: 0,
  gets: 0,
  lists: 0,
  deletes: 0,
  stateCalls: 0,
  readUnits: 0,
  writeUnits: 0,
  bytesPut: 0,
});

const CALLS = {
  get: 'gets',
  getRange: 'gets',
  head: 'gets',
  put: 'puts',
  list: 'lists',
  delete: 'deletes',
} as const;

/** `use`: of the stage that is being called. */
export function countedLake(lake: Platform['lake'], use: () => StageUse): Platform['lake'] {
  return new Proxy(lake, {
    get: (target, method) => {
      const value: unknown = Reflect.get(target, method, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const counted = CALLS[method as keyof typeof CALLS];
        if (counted) use()[counted]++;
        if (method === 'put') use().bytesPut += (given[1] as Uint8Array).length;
        return Reflect.apply(value, target, given);
      };
    },
  });
}

/** `use`: of the stage that is being called. */
export function countedState(state: StateStore, use: () => StageUse): StateStore {
  const sized = (value: unknown) => JSON.stringify(value ?? null).length;
  const count = (writes: readonly StateWrite[]) => {
    use().stateCalls++;
    const factor = writes.length > 1 ? 2 : 1;
    for (const write of writes) use().writeUnits += factor * Math.max(1, Math.ceil(sized(write) / 1024));
  };
  return {
    get: async (partition, sort) => {
      use().stateCalls++;
      const document = await state.get(partition, sort);
      use().readUnits += Math.max(1, Math.ceil(sized(document) / 4096));
      return document;
    },
    getMany: async (names) => {
      use().stateCalls++;
      const documents = await state.getMany(names);
      for (const document of documents) use().readUnits += Math.max(1, Math.ceil(sized(document) / 4096));
      return documents;
    },
    query: async function* (partition, options) {
      use().stateCalls++;
      let bytes = 0;
      try {
        for await (const document of state.query(partition, options)) {
          bytes += sized(document);
          yield document;
        }
      } finally {
        use().readUnits += Math.max(1, Math.ceil(bytes / 4096));
      }
    },
    write: (writes) => {
      count(writes);
      return state.write(writes);
    },
    transact: (writes) => {
      count(writes);
      return state.transact(writes);
    },
    // `rescrape reset` alone reads all of it.
    scan: () => state.scan(),
  };
}
