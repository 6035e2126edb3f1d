import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { type Answer, htmlAnswer, jsonAnswer, sendAnswer, statusAnswer } from '../server/exchange.ts';
import { serveOnLoopback } from '../server/loopback.ts';
import { RequestLog, type RequestLogEntry } from '../server/request-log.ts';
import type { MenuRequest } from './answers.ts';
import { graphql, isGraphql, type Menus } from './graphql.ts';
import { hashesOf } from './hashes.ts';
import { menuOf } from './menu.ts';
import { otherPlatform } from './other-platforms.ts';
import { listPage } from './pages.ts';
import { DEMO_STORES, type DemoStore, storesCsv } from './stores.ts';
import { type CrawlTruth, crawlTruth } from './truth.ts';

export interface MenusSiteOptions {
  readonly seed: number;
  /** @default 0, any free port */
  readonly port?: number;
  /** Milliseconds since the epoch, for the log of requests. */
  readonly now: () => number;
  /** Called for every request, after it is in the log. */
  readonly onRequest?: (entry: RequestLogEntry) => void;
}

export interface MenusSite {
  /** `http://127.0.0.1:41234`, no slash at the end. */
  readonly url: string;
  /** Every request since the start, oldest first. */
  readonly requests: readonly RequestLogEntry[];
  readonly stores: readonly DemoStore[];
  /** Settings of the source `menus` under which it reads this site, as environment variables. */
  readonly settings: Readonly<Record<string, string>>;
  /** The list of its stores, as `targets import menus` reads it. */
  readonly csv: string;
  /** How the crawl of a store ends now. Throws a RangeError for a store that there is not. */
  truth(storeId: string): CrawlTruth;
  /** Four hours later: prices, stock and shelves have moved. */
  nextRound(): void;
  /** A release: from now on other hashes are known, and `settings` has them. */
  nextRelease(): void;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Endpoints of a release that the others do not have yet. */
const OTHER_RELEASE = ['/api-3/graphql', '/api-4/graphql'];

/**
 * Serves the menus of 40 stores on one host of loopback, as four platforms would: GraphQL with persisted
 * queries for most. The same seed and round give the same menus.
 */
export async function startMenusSite(options: MenusSiteOptions): Promise<MenusSite> {
  const { seed, now } = options;
  const log = new RequestLog(options.onRequest);
  const happened = new Set<string>();
  let round = 1;
  let release = 1;
  const menus: Menus = {
    page: (store, page, perPage) => listPage(seed, shelved(store, round), round, page, perPage),
    all: (store) => menuOf(seed, shelved(store, round), round),
    once: (what) => happened.size < happened.add(what).size,
    hashesAt: (endpoint) => hashesOf(OTHER_RELEASE.includes(endpoint) ? 'other' : String(release)),
  };
  const server = await serveOnLoopback(async (request, response) => {
    const at = now();
    const answer = answerTo(await readRequest(request), menus);
    log.add(request, at, answer.status, undefined);
    sendAnswer(request, response, answer);
  }, options.port);
  const url = `http://127.0.0.1:${server.port}`;

  return {
    url,
    requests: log.entries,
    stores: DEMO_STORES,
    get settings() {
      const hashes = hashesOf(String(release));
      return {
        RESCRAPE_MENUS_URL: url,
        RESCRAPE_MENUS_PLUS_URL: `${url}/plus/graphql`,
        RESCRAPE_MENUS_JANE_URL: url,
        RESCRAPE_MENUS_WEEDMAPS_URL: url,
        RESCRAPE_MENUS_HASH_FILTERED_PRODUCTS: hashes.FilteredProducts,
        RESCRAPE_MENUS_HASH_CONSUMER_DISPENSARIES: hashes.ConsumerDispensaries,
      };
    },
    csv: storesCsv(url),
    truth: (storeId) => {
      const store = DEMO_STORES.find(({ id }) => id === storeId);
      if (!store) throw new RangeError(`there is no store ${storeId}`);
      return crawlTruth(seed, store, round);
    },
    nextRound: () => {
      round++;
    },
    nextRelease: () => {
      release++;
    },
    close: server.close,
  };
}

function answerTo(request: MenuRequest, menus: Menus): Answer {
  try {
    if (request.url.pathname === '/')
      return htmlAnswer(200, '<!DOCTYPE html><title>menus</title><h1>Menus</h1>\n');
    if (request.url.pathname === '/robots.txt') return htmlAnswer(404, '<!DOCTYPE html><title>404</title>\n');
    if (isGraphql(request)) return graphql(request, menus);
    return otherPlatform(request, menus) ?? statusAnswer(404);
  } catch {
    // Bodies come from outside: what is no JSON of ours is a wrong request.
    return jsonAnswer(400, { message: 'bad request' });
  }
}

async function readRequest(request: IncomingMessage): Promise<MenuRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', 'http://demo.invalid'),
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

function shelved(store: DemoStore, round: number): DemoStore {
  return store.trait === 'empties' && round > 1 ? { ...store, products: 0 } : store;
}
