import type { Platform } from '../../../core/platform.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';

/** What a process meets in front of its nth write. */
export interface Trouble {
  /** `crash`: it does nothing any more. `fault`: that one write fails, and it goes on. */
  readonly kind: 'crash' | 'fault';
  /** 1: the first write. */
  readonly at: number;
}

export class Crashed extends Error {
  override readonly name = 'Crashed';
}

/** Stands before every store of one process: after the crash none of them answers any more. */
export class Mortality {
  #trouble: Trouble | undefined;
  #writes = 0;
  #dead = false;

  arm(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
    this.#writes = 0;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Throws where the process is dead. */
  breathe(): void {
    if (this.#dead) throw new Crashed('this process is dead');
  }

  /** Throws where it dies now, or where this write fails. */
  write(): void {
    this.breathe();
    this.#writes++;
    if (this.#trouble?.at !== this.#writes) return;
    if (this.#trouble.kind === 'fault') throw new StorageError('the disk is full for a moment');
    this.#dead = true;
    throw new Crashed('the process dies');
  }
}

const WRITES: ReadonlySet<string | symbol> = new Set([
  ...['put', 'delete', 'write'],
  ...['send', 'receive', 'acknowledge', 'release', 'deadLetter', 'purge'],
]);

/** A store that dies with its process. `written` is told of every call that wrote. */
function mortalStore<T extends object>(
  store: T,
  mortality: Mortality,
  written: (name: string, args: readonly unknown[]) => void = () => {},
): T {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!WRITES.has(name)) {
        return (...args: unknown[]) => {
          mortality.breathe();
          return value.apply(target, args);
        };
      }
      return async (...args: unknown[]) => {
        mortality.write();
        const answer: unknown = await value.apply(target, args);
        written(String(name), args);
        return answer;
      };
    },
  });
}

/** The platform of a process that can die: its lake, its state, its queue and its connection to the site. */
export function mortalPlatform<P extends Platform>(
  platform: P,
  mortality: Mortality,
  recorded: (key: string, body: Uint8Array) => void,
): P {
  return {
    ...platform,
    lake: mortalStore(platform.lake, mortality, (name, [key, body]) => {
      if (name === 'put') recorded(key as string, body as Uint8Array);
    }),
    state: mortalStore(platform.state, mortality),
    failedItems: mortalStore(platform.failedItems, mortality),
    fetcherFor: (source) => {
      const fetcher = platform.fetcherFor(source);
      return {
        reach: (url) => fetcher.reach(url),
        fetch: async (request) => {
          mortality.breathe();
          const result = await fetcher.fetch(request);
          mortality.breathe();
          return result;
        },
      };
    },
  };
}
