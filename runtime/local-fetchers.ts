import type { Fetcher } from '../core/fetch/fetcher.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import type { RoutePool } from '../core/proxies/route-pool.ts';
import type { Source } from '../core/source/source.ts';
import type { SourceSettings } from './settings.ts';

type Fetchers = ReturnType<typeof import('./fetchers.ts').openSharingFetchers>;

/**
 * As `openSharingFetchers`, over HTTP of this machine; nothing of it is loaded before somebody asks a site.
 * Most commands never do.
 */
export class LocalFetchers {
  readonly #open: () => Promise<Fetchers>;
  #opening: Promise<Fetchers> | undefined;
  #opened: Fetchers | undefined;

  constructor(settings: readonly SourceSettings[], clock: Clock, state: StateStore) {
    this.#open = async () => {
      const { openSharingFetchers } = await import('./fetchers.ts');
      const { NodeHttpClient } = await import('../adapters/web/node-http-client.ts');
      this.#opened = openSharingFetchers(settings, clock, new NodeHttpClient(), state);
      return this.#opened;
    };
  }

  readonly of = (source: Source): Fetcher => ({
    reach: async (url, signal) => (await this.#all()).of(source).reach(url, signal),
    fetch: async (request) => (await this.#all()).of(source).fetch(request),
  });

  readonly routesOf = async (source: Source): Promise<RoutePool | undefined> =>
    (await this.#all()).routesOf(source);

  /** Of a host that nobody has asked nobody knows that it wants to rest. */
  readonly pausedMs = (source: Source): number => this.#opened?.pausedMs(source) ?? 0;

  async close(): Promise<void> {
    await (await this.#opening)?.close();
  }

  #all(): Promise<Fetchers> {
    this.#opening ??= this.#open();
    return this.#opening;
  }
}
