import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CivilDate } from '../core/calendar/civil-date.ts';
import { type Fault, type FaultPlan, NO_FAULTS, type Where } from './faults.ts';
import type { Country } from './model/racing-day.ts';
import type { MarkupChoice } from './render/markup.ts';
import { racePath } from './render/paths.ts';
import { BodyCache } from './server/body-cache.ts';
import { type ContentEncoding, chooseEncoding, ENCODINGS } from './server/encoding.ts';
import {
  type Answer,
  answerOf,
  charsetAnswer,
  flood,
  sendAnswer,
  statusAnswer,
  trickle,
  truncate,
} from './server/exchange.ts';
import { serveOnLoopback } from './server/loopback.ts';
import { contentFault, Pages, type SitePage } from './server/pages.ts';
import { RequestLog, type RequestLogEntry } from './server/request-log.ts';
import { robotsTxt } from './server/robots-txt.ts';
import { Rules } from './server/rules.ts';
import { type World, worldOf } from './server/world.ts';
import { type ListedRaceTruth, listedRaces } from './truth/index-truth.ts';
import { type RaceTruth, truthOf } from './truth/race-truth.ts';

export interface DemoSiteOptions {
  readonly seed: number;
  /** The date it is; later days are not there yet. */
  readonly today: CivilDate;
  /** @default 0, any free port */
  readonly port?: number;
  /** @default 'classic' */
  readonly markup?: MarkupChoice;
  /** Bytes of a race page with 12 runners. @default 182272 (178 KB) */
  readonly pageBytes?: number;
  /** Bytes of an index; one whose races need more is longer. @default 9.5 times `pageBytes` (1.7 MB) */
  readonly indexBytes?: number;
  /** Times the usual 20-odd races of a day. @default 1 */
  readonly racesPerDay?: number;
  /** Runners in every race. @default 8 to 14, rarely up to 24 */
  readonly fieldSize?: number;
  /** Void races, walkovers, dead heats and the like. @default true */
  readonly specials?: boolean;
  /** @default NO_FAULTS */
  readonly faults?: FaultPlan;
  /** The time of a request in the log, in milliseconds since the Unix epoch. @default the machine's */
  readonly now?: () => number;
  /** Milliseconds before every answer. @default 0 */
  readonly latencyMs?: number;
  /** For those who ask, in the order that the site prefers among equals. @default zstd, br, gzip */
  readonly encodings?: readonly ContentEncoding[];
  /** Bytes of encoded pages to keep. @default 134217728 (128 MB) */
  readonly cacheBytes?: number;
  /** Called for every request, after it is in the log. */
  readonly onRequest?: (entry: RequestLogEntry) => void;
}

export interface DemoSite {
  /** `http://127.0.0.1:41234`, no slash at the end. */
  readonly url: string;
  /** Every request since the start, oldest first. */
  readonly requests: readonly RequestLogEntry[];
  /**
   * What a reader of that day's pages should find now, in the order of the index; faults of the answers left
   * aside. The nth is the one that a fault plan means; abandoned races, which have no page, are not among
   * them.
   */
  truth(country: Country, date: CivilDate): RaceTruth[];
  /** What a reader of that day's index should find now, races without a page included. */
  listed(country: Country, date: CivilDate): ListedRaceTruth[];
  /** Address of the JSON of a page of today's markup. */
  dataPath(pagePath: string): string;
  /** A new plan, its counters at zero. Throws a RangeError where it names a race that there is not. */
  setFaults(plan: FaultPlan): void;
  /** Lets days pass: late races settle, new days appear. Counters of faults go on. */
  setToday(today: CivilDate): void;
  /** Ends open connections too, those that hang included. */
  close(): Promise<void>;
}

const DEFAULTS = { pageBytes: 178 * 1024, indexShare: 9.5, cacheBytes: 128 * 1024 * 1024 };

/** Serves the site on loopback; the same seed and date give the same bytes, whenever and wherever. */
export async function startDemoSite(options: DemoSiteOptions): Promise<DemoSite> {
  const { now = Date.now } = options;
  const model = {
    seed: options.seed,
    racesPerDay: options.racesPerDay ?? 1,
    fieldSize: options.fieldSize ?? null,
    specials: options.specials ?? true,
  };
  const pageBytes = options.pageBytes ?? DEFAULTS.pageBytes;
  const pages = new Pages(model, {
    markup: options.markup ?? 'classic',
    pageBytes,
    indexBytes: options.indexBytes ?? Math.round(pageBytes * DEFAULTS.indexShare),
  });
  const cache = new BodyCache(options.cacheBytes ?? DEFAULTS.cacheBytes);
  const log = new RequestLog(options.onRequest);
  const raceId = (country: Country, date: CivilDate, nth: number) => pages.race(country, date, nth)?.id;
  const pathOf = (where: Where): string | undefined => {
    if ('path' in where) return where.path;
    const race = pages.race(where.country, where.date, where.race);
    return race && racePath(race);
  };
  let plan = options.faults ?? NO_FAULTS;
  let rules = new Rules(plan, pathOf);
  let world: World = worldOf(options.today, plan, raceId);

  const encodingFor = (request: IncomingMessage) =>
    chooseEncoding(header(request, 'accept-encoding'), options.encodings ?? ENCODINGS);
  const pageAnswer = (request: IncomingMessage, page: SitePage, validators: boolean): Answer => {
    const coding = encodingFor(request);
    const modified = new Date(page.lastModified).toUTCString();
    const shared = {
      'content-type': page.contentType,
      'cache-control': 'private, max-age=0',
      vary: 'Accept-Encoding',
      ...(validators && { etag: cache.etag(page), 'last-modified': modified }),
    };
    if (validators && unchanged(request, cache.etag(page), page.lastModified)) {
      return { status: 304, headers: shared, body: new Uint8Array() };
    }
    const headers = coding === 'identity' ? shared : { ...shared, 'content-encoding': coding };
    return { status: 200, headers, body: cache.body(page, coding) };
  };

  const trueAnswer = (request: IncomingMessage, path: string, fault: Fault | undefined): Answer => {
    if (path === '/robots.txt') return robotsTxt(plan);
    const content = contentFault(fault);
    const page = pages.find(path, world, content);
    if (!page) return statusAnswer(404);
    if (fault?.kind === 'charset') return charsetAnswer(page.render(), fault.declared);
    return pageAnswer(request, page, content === undefined);
  };

  const respond = async (request: IncomingMessage, response: ServerResponse, at: number): Promise<void> => {
    const [pathname = '/', query] = (request.url ?? '/').split('?', 2);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const answer = statusAnswer(405, { allow: 'GET, HEAD' });
      log.add(request, at, answer.status, undefined);
      return sendAnswer(request, response, answer);
    }
    // Behind its own redirect a page is what it is.
    const fault = query === 'moved=1' ? undefined : rules.take(pathname);
    const silent = fault?.kind === 'hang' || fault?.kind === 'reset';
    const answer = silent
      ? undefined
      : ((fault && answerOf(fault, pathname)) ?? trueAnswer(request, pathname, fault));
    log.add(request, at, answer?.status ?? 0, fault?.kind);
    if (fault?.kind === 'reset') request.socket.resetAndDestroy();
    if (!answer) return;
    if (fault?.kind === 'slow-body') return trickle(response, answer, fault.totalMs);
    if (fault?.kind === 'truncated-body') return truncate(response, answer);
    if (fault?.kind === 'oversize-body') {
      return flood(response, fault.bytes, encodingFor(request));
    }
    sendAnswer(request, response, answer);
  };

  const server = await serveOnLoopback(async (request, response) => {
    const at = now();
    if (options.latencyMs) await sleep(options.latencyMs);
    await respond(request, response, at);
  }, options.port);

  return {
    url: `http://127.0.0.1:${server.port}`,
    requests: log.entries,
    truth: (country, date) =>
      pages.races(country, date, world).map((race) => truthOf(race, pages.isPending(race, world))),
    listed: (country, date) =>
      world.isEmpty(country, date)
        ? []
        : listedRaces(pages.day(date), country, (race) => pages.isPending(race, world)),
    dataPath: (pagePath) => pages.dataPath(pagePath),
    setFaults: (next) => {
      rules = new Rules(next, pathOf);
      world = worldOf(world.today, next, raceId);
      plan = next;
    },
    setToday: (today) => {
      world = worldOf(today, plan, raceId);
    },
    close: server.close,
  };
}

/** If-None-Match decides where it is there; If-Modified-Since counts in whole seconds (RFC 9110, 13.1). */
function unchanged(request: IncomingMessage, etag: string, lastModified: number): boolean {
  const match = header(request, 'if-none-match');
  const opaque = etag.replace(/^W\//, '');
  if (match !== undefined) {
    return match.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === opaque);
  }
  const since = Date.parse(header(request, 'if-modified-since') ?? '');
  return since >= lastModified;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
