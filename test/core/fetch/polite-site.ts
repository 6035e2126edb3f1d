import type { ServerResponse } from 'node:http';
import { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import type { Fetcher } from '../../../core/fetch/fetcher.ts';
import { createPoliteFetcher, type PoliteFetcherOptions } from '../../../core/fetch/polite-fetcher.ts';
import { createRateLimiter } from '../../../core/fetch/rate-limiter.ts';
import { createRobotsCache } from '../../../core/fetch/robots.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';

/** Time passes at once. */
class JumpingClock implements Clock {
  #now = 1_000_000;

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#now += ms;
  }
}

type Route = (answer: ServerResponse) => void;

export const text =
  (body: string, status = 200, headers: Record<string, string> = {}): Route =>
  (answer) =>
    answer.writeHead(status, headers).end(body);

export const redirect = (location: string, status = 302): Route => text('', status, { Location: location });

export const RUDE = { concurrency: 4, minDelayMs: 0, robots: 'ignore', userAgent: 'x' } as const;

/** A real site on loopback, and polite fetchers for it on a clock that jumps. */
export class PoliteSite {
  readonly client = new NodeHttpClient();
  readonly clock = new JumpingClock();
  /** What the site answers, by path with query; 404 for anything else. */
  readonly routes: Record<string, Route> = { '/': text('home'), '/page': text('page') };
  readonly site: LoopbackSite;

  private constructor(site: LoopbackSite) {
    this.site = site;
  }

  static async open(): Promise<PoliteSite> {
    const routes: { current?: Record<string, Route> } = {};
    const site = await serveHttp((request, answer) => {
      const route = routes.current?.[request.url ?? ''];
      if (route === undefined) answer.writeHead(404).end();
      else route(answer);
    });
    const opened = new PoliteSite(site);
    routes.current = opened.routes;
    return opened;
  }

  fetcher(overrides: Partial<PoliteFetcherOptions> = {}): Fetcher {
    const { client, clock } = this;
    return createPoliteFetcher({
      client,
      clock,
      rateLimiter: createRateLimiter({ clock }),
      robots: createRobotsCache({ clock }),
      politeness: {
        concurrency: 4,
        minDelayMs: 0,
        robots: 'respect',
        userAgent: 'Rescrape/1.0 (+https://x.example)',
      },
      limits: {
        connectMs: 2000,
        headersMs: 2000,
        bodyMs: 2000,
        totalMs: 4000,
        maxDecodedBytes: 100_000,
        maxElements: 1_000,
      },
      allowPrivateOrigin: this.site.origin,
      ...overrides,
    });
  }

  at(path: string): { url: string } {
    return { url: this.site.origin + path };
  }

  /** Paths that were asked for, in order. */
  paths(): string[] {
    return this.site.requests.map(({ path }) => path);
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.site[Symbol.asyncDispose]();
  }
}
