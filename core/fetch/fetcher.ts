import type { Outcome } from '../outcome/outcome.ts';
import type { HttpResponse, ProxyServer } from '../ports/http-client.ts';
import type { Validators } from './validators.ts';

export interface FetchRequest {
  /** Absolute http(s) address. */
  readonly url: string;
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST';
  /** Beside those that every request has. Of these only Content-Type goes to another origin. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly validators?: Validators;
  /** Aborted: what waits is dropped, and what is on its way has a few seconds left to come. */
  readonly signal?: AbortSignal;
  /** @default may be sent as soon as its host has a permit for it */
  readonly permission?: Permission;
  /** @default the fetcher's own */
  readonly route?: ChooseRoute;
  /** @default it is sent for itself alone */
  readonly sharing?: Sharing;
}

/** Lets one request serve all that ask the same (`sharingAnswers`). Not where each has a route of its own. */
export interface Sharing {
  /** Only within this run. */
  readonly run: string;
  /** Only what was sent later than this: a retry is not served what it retries. Milliseconds. */
  readonly after?: number;
}

/** How a request goes out. */
export interface Route {
  /** Absent: straight. */
  readonly proxy?: ProxyServer;
  readonly userAgent: string;
}

/**
 * Asked when a request may start, and for its robots.txt before that; redirects go the same way.
 * What it rejects with, the fetch rejects with.
 */
export type ChooseRoute = () => Promise<Route>;

/** How a request went out, as it goes on record. */
export interface SentBy {
  /** Id of the proxy; null for none. */
  readonly proxy: string | null;
  readonly userAgent: string;
}

/** Leave to send one request, which may be taken back while it waits for its permit. */
export interface Permission {
  /**
   * Aborted when it is taken back: the request is dropped at once. What is on its way already is let come.
   */
  readonly withdrawn: AbortSignal;
  /** Asked when the permit is there, immediately before the request and each redirect is sent. */
  isWithdrawn(): Promise<boolean>;
  /** Told of the last answer before anybody else gets a permit; also where it is a failure. */
  onAnswer(): void;
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
  /** What in the file was not taken at its word. */
  readonly note?: string;
  readonly by?: SentBy;
}

interface FetchFacts {
  /** When the request went out, after every wait for the rate limiter; milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Milliseconds spent waiting for the rate limiter. */
  readonly waitedMs: number;
  readonly redirects: number;
  readonly robots?: RobotsRequest;
  /** Absent without a route; where robots.txt could not be read, how that was asked for. */
  readonly by?: SentBy;
  /** It answered the request of somebody else: for this one nothing was sent. */
  readonly shared?: true;
}

/**
 * A response came (any status, 304 included), or the fetch failed with an outcome of its own: TIMEOUT,
 * NETWORK_ERROR, TOO_LARGE, REFUSED. Nothing is judged here beyond that. `dropped`: its signal was aborted or
 * its permission withdrawn before anything was sent.
 */
export type FetchResult =
  | { readonly kind: 'dropped'; readonly robots?: RobotsRequest }
  | (FetchFacts & { readonly kind: 'response'; readonly response: HttpResponse })
  | (FetchFacts & {
      readonly kind: 'failed';
      readonly requestSent: boolean;
      readonly outcome: Outcome;
      /** It was stopped behind a redirect: that says nothing of the site. */
      readonly wasStopped?: true;
    });

/** Whether a site answers at all. `dropped`: the signal was aborted first. */
export type Reach =
  | { readonly kind: 'dropped' }
  | { readonly kind: 'reached'; readonly robots?: RobotsRequest }
  | { readonly kind: 'unreached'; readonly outcome: Outcome; readonly robots?: RobotsRequest };

/** Fetches politely: robots.txt, rate limiter, redirects checked hop by hop. */
export interface Fetcher {
  /**
   * Reads the robots.txt of an address, which every fetch needs anyway; any HTTP answer means that the site
   * is there.
   */
  reach(url: string, signal?: AbortSignal): Promise<Reach>;
  fetch(request: FetchRequest): Promise<FetchResult>;
}
