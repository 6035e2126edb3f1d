import type { Outcome } from '../outcome/outcome.ts';
import type { HttpResponse } from '../ports/http-client.ts';

/** What the last capture of a page carried, sent back so that an unchanged page costs a 304. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface FetchRequest {
  /** Absolute http(s) address. */
  readonly url: string;
  readonly validators?: Validators;
  readonly signal?: AbortSignal;
}

/** A request for robots.txt that this fetch caused; kept on record like any other attempt. */
export interface RobotsRequest {
  readonly url: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Absent where no response came. */
  readonly httpStatus?: number;
  readonly wireBytes: number;
  /** Why the file could not be read; absent where it was, or where the site has none. */
  readonly failure?: Outcome;
}

interface FetchFacts {
  /** When the request went out, after every wait for the host clock; milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Milliseconds spent waiting for the host clock. */
  readonly waitedMs: number;
  readonly redirects: number;
  readonly robots?: RobotsRequest;
}

/**
 * A response came (any status, 304 included), or the fetch failed with an outcome of its own:
 * TIMEOUT, NETWORK_ERROR, TOO_LARGE, REFUSED. Nothing is judged here beyond that.
 */
export type FetchResult =
  | (FetchFacts & { readonly kind: 'response'; readonly response: HttpResponse })
  | (FetchFacts & { readonly kind: 'failed'; readonly requestSent: boolean; readonly outcome: Outcome });

/** Whether a site answers at all. */
export type Reach =
  | { readonly kind: 'reached'; readonly robots?: RobotsRequest }
  | { readonly kind: 'unreached'; readonly outcome: Outcome; readonly robots?: RobotsRequest };

/** Fetches politely: robots.txt, host clock, redirects checked hop by hop. */
export interface Fetcher {
  /** Reads the robots.txt of an address, which every fetch needs anyway; any HTTP answer means that the site is there. */
  reach(url: string): Promise<Reach>;
  fetch(request: FetchRequest): Promise<FetchResult>;
}
