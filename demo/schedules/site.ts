import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CivilDate } from '../../core/calendar/civil-date.ts';
import { seeded } from '../model/random.ts';
import {
  type Answer,
  answerOf,
  htmlAnswer,
  jsonAnswer,
  sendAnswer,
  statusAnswer,
  textAnswer,
} from '../server/exchange.ts';
import { serveOnLoopback } from '../server/loopback.ts';
import { LONE_CAPTCHA } from '../server/wall-pages.ts';
import { type ScheduleTruth, scheduleTruth, schoolYear } from '../truth/schedule-truth.ts';
import { type District, districtsOf } from './district.ts';
import { siteOfKind } from './kinds.ts';
import type { DistrictSite, Trouble } from './site-kind.ts';

export interface SchedulesSiteOptions {
  readonly seed: number;
  /** The date it is: schedules are those of its school year. */
  readonly today: CivilDate;
  /** @default 0, any free port */
  readonly port?: number;
  /** @default 60 */
  readonly districts?: number;
  /** @default true; false is an honest site */
  readonly troubles?: boolean;
  /** The time of a request in the log, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly onRequest?: (entry: SchedulesRequest) => void;
}

/** One request as the sites saw it. */
export interface SchedulesRequest {
  /** Without the port. */
  readonly host: string;
  readonly path: string;
  /** 0 where no answer was sent. */
  readonly status: number;
  readonly at: number;
  readonly trouble?: Trouble;
}

export interface SchedulesSite {
  readonly port: number;
  readonly districts: readonly District[];
  /** Every request since the start, oldest first. */
  readonly requests: readonly SchedulesRequest[];
  /**
   * The districts as `targets import schedules` reads them: ids of 6 digits and empty addresses among them.
   */
  csv(): string;
  /** What a reader should find, by district and level. */
  truth(): ScheduleTruth[];
  /** Ends open connections too, those that hang included. */
  close(): Promise<void>;
}

interface Hosted {
  readonly district: District;
  readonly site: DistrictSite;
  asked: number;
}

/** Serves the sites of all districts on one port of loopback, each under `<slug>.localhost`. */
export async function startSchedulesSite(options: SchedulesSiteOptions): Promise<SchedulesSite> {
  const { seed, today, now, onRequest } = options;
  const year = schoolYear(today);
  const hosts = new Map<string, Hosted>();
  const districts = districtsOf(seed, options.districts ?? 60);
  for (const district of districts) {
    const { id, kind, slug, name } = district;
    const place = name
      .split(' ')[0]!
      .toLowerCase()
      .replace(/^./, (letter) => letter.toUpperCase());
    const draw = { random: seeded(seed, 'site', id), place, year, past: schoolYear(today, 3) };
    hosts.set(slug, { district, site: siteOfKind(kind, draw), asked: 0 });
  }
  const requests: SchedulesRequest[] = [];

  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    const labels = url.hostname.split('.').slice(0, -1);
    const hosted = hosts.get(labels.at(-1) ?? '');
    const key = labels.length > 1 ? `${labels[0]}:${url.pathname}` : url.pathname;
    const trouble = hosted && options.troubles !== false ? troubleOf(hosted, key) : undefined;
    const answer =
      trouble === 'hang' ? undefined : (troubleAnswer(trouble) ?? pageAnswer(hosted, key, url.port));
    const entry = {
      host: url.hostname,
      path: url.pathname,
      status: answer?.status ?? 0,
      at: now(),
      ...(trouble && { trouble }),
    };
    requests.push(entry);
    onRequest?.(entry);
    if (answer) sendAnswer(request, response, answer);
  };

  const server = await serveOnLoopback(respond, options.port);
  const address = (slug: string) => (page: string) => {
    const [path, sub] = page.split(':').reverse();
    return `http://${sub ? `${sub}.` : ''}${slug}.localhost:${server.port}${path}`;
  };

  return {
    port: server.port,
    districts,
    requests,
    csv: () => csvOf([...hosts.values()], address),
    truth: () =>
      [...hosts.values()].flatMap(({ district, site }) =>
        site.trouble && site.trouble !== 'busy-once' && options.troubles !== false
          ? []
          : site.levels.map((level) => scheduleTruth(district, level, year, address(district.slug))),
      ),
    close: server.close,
  };
}

function troubleOf(hosted: Hosted, key: string): Trouble | undefined {
  if (key !== hosted.site.address) return undefined;
  hosted.asked++;
  const { trouble } = hosted.site;
  return trouble === 'busy-once' && hosted.asked > 1 ? undefined : trouble;
}

const QUEUE_FULL = { success: false, errorCode: 'QUEUE_FULL', error: 'the queue is full' };

/** Answers that are no page of the site. */
function troubleAnswer(trouble: Trouble | undefined): Answer | undefined {
  switch (trouble) {
    case 'cloudflare':
      return answerOf({ kind: 'cloudflare-challenge' }, '/');
    case 'incapsula':
      return answerOf({ kind: 'incapsula-wall' }, '/');
    case 'captcha':
      return htmlAnswer(403, LONE_CAPTCHA);
    case 'not-found':
      return statusAnswer(404);
    case 'busy-once':
      return statusAnswer(503);
    case 'queue-full':
      return jsonAnswer(503, QUEUE_FULL);
    default:
      return undefined;
  }
}

function pageAnswer(hosted: Hosted | undefined, key: string, port: string): Answer {
  if (key === '/robots.txt' || key.endsWith(':/robots.txt')) return textAnswer('User-agent: *\nAllow: /\n');
  const page = hosted?.site.pages[key];
  if (!hosted || page === undefined) return statusAnswer(404);
  return htmlAnswer(200, page.replaceAll('{host}', `${hosted.district.slug}.localhost:${port}`));
}

/** Columns of the source; as in the real files some ids lost their zero, and some have no address. */
function csvOf(hosted: readonly Hosted[], address: (slug: string) => (page: string) => string): string {
  const rows = hosted.map(({ district, site }, nth) => {
    const id = nth % 5 === 0 ? district.id.replace(/^0/, '') : district.id;
    const url = site.address === undefined ? '†' : address(district.slug)(site.address);
    return [id, district.name, district.state, district.tier, `${district.enrollment}.0`, url].join(',');
  });
  return `${['district_id,name,state,tier,enrollment,url', ...rows].join('\n')}\n`;
}
