import { Buffer } from 'node:buffer';
import { addDays, type CivilDate, parseCivilDate } from '../../core/calendar/civil-date.ts';
import { type FaultRule, NO_FAULTS } from '../faults.ts';
import { type Answer, answerOf, jsonAnswer, sendAnswer, textAnswer } from '../server/exchange.ts';
import { serveOnLoopback } from '../server/loopback.ts';
import { RequestLog, type RequestLogEntry } from '../server/request-log.ts';
import { Rules } from '../server/rules.ts';
import { isClosed } from './lessons.ts';
import { FEEDS, type Feed } from './people.ts';
import { type Look, recordsOn, type TutoringTruth, tutoringTruth } from './truth.ts';

export interface TutoringSiteOptions {
  readonly seed: number;
  /** The date it is there. */
  readonly today: CivilDate;
  /** @default 0, any free port */
  readonly port?: number;
  /** What goes wrong. @default nothing */
  readonly faults?: readonly FaultRule[];
  /** Milliseconds since the epoch, for the log of requests. */
  readonly now: () => number;
}

export interface TutoringSite {
  /** `http://127.0.0.1:41234`, no slash at the end. */
  readonly url: string;
  /** Every request since the start, oldest first. */
  readonly requests: readonly RequestLogEntry[];
  /** Another day has come: lists of the days before it have changed. */
  setToday(today: CivilDate): void;
  /** From now on what is answered at a path, query left out, is changed before it is sent. */
  tamper(path: string, change: (body: Readonly<Record<string, unknown>>) => unknown): void;
  /** What should come of lists that were seen in this order. */
  truth(looks: readonly Look[], isThere?: Parameters<typeof tutoringTruth>[2]): TutoringTruth;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Records that a page of a list has at most. */
export const PER_PAGE = 25;

const LISTS = { tutors: 'tutor', students: 'student', sessions: 'session', feedback: 'feedback' } as const;
const PATH = /^\/v1\/feeds\/([a-z]+)\/days\/([0-9-]+)(?:\/([a-z]+))?$/;

/** Two faults that pass at the second try: a server that fails, and one that is asked too much. */
export function tutoringFaults(today: CivilDate): FaultRule[] {
  const once = (path: string, status: number, retryAfterSeconds?: number): FaultRule => ({
    where: { path: `/v1/feeds/${path}` },
    fault: { kind: 'status', status, retryAfterSeconds },
    times: 1,
  });
  return [
    once(`north/days/${addDays(today, -2)}/sessions`, 500),
    once(`south/days/${addDays(today, -4)}`, 429, 1),
  ];
}

/**
 * Serves tutors, students, sessions and feedback of two feeds by day. The same seed and day are the same
 * lists.
 */
export async function startTutoringSite(options: TutoringSiteOptions): Promise<TutoringSite> {
  const { seed, now } = options;
  let { today } = options;
  const log = new RequestLog();
  const rules = new Rules({ ...NO_FAULTS, rules: options.faults ?? [] }, (where) =>
    'path' in where ? where.path : undefined,
  );
  const changes = new Map<string, Parameters<TutoringSite['tamper']>[1]>();

  const answer = (url: URL): Answer => {
    const { pathname } = url;
    if (pathname === '/robots.txt') return textAnswer('User-agent: *\nAllow: /\n');
    const body = bodyOf(seed, url, today);
    if ('error' in body) return jsonAnswer(body.error === 'no such cursor' ? 400 : 404, body);
    return jsonAnswer(200, changes.get(pathname)?.(body) ?? body);
  };
  const server = await serveOnLoopback((request, response) => {
    const url = new URL(request.url ?? '/', 'http://demo.invalid');
    const fault = rules.take(url.pathname);
    const sent = (fault && answerOf(fault, url.pathname)) ?? answer(url);
    log.add(request, now(), sent.status, fault?.kind);
    sendAnswer(request, response, sent);
  }, options.port);

  return {
    url: `http://127.0.0.1:${server.port}`,
    requests: log.entries,
    setToday: (next) => {
      today = next;
    },
    tamper: (path, change) => {
      changes.set(path, change);
    },
    truth: (looks, isThere) => tutoringTruth(seed, looks, isThere),
    close: server.close,
  };
}

/** An index of a day, or a page of one of its lists. */
function bodyOf(seed: number, url: URL, today: CivilDate): Readonly<Record<string, unknown>> {
  const [, name = '', day = '', list] = PATH.exec(url.pathname) ?? [];
  const feed = FEEDS.find((one) => one === name);
  const date = parseCivilDate(day);
  if (!feed || date === undefined || date > today) return { error: 'not found' };
  if (list === undefined) return indexOf(feed, date);
  if (!Object.hasOwn(LISTS, list) || isClosed(feed, date)) return { error: 'not found' };
  const kind = LISTS[list as keyof typeof LISTS];
  const all = recordsOn(seed, { feed, date, today }).filter((record) => record.kind === kind);
  const start = startOf(url.searchParams.get('cursor'));
  if (!(start >= 0 && (start === 0 || start < all.length))) return { error: 'no such cursor' };
  const records = all.slice(start, start + PER_PAGE).map(({ record }) => record);
  const end = start + records.length;
  const next_cursor = end < all.length ? Buffer.from(`after:${end}`).toString('base64url') : null;
  return { feed, date, list, total: all.length, count: records.length, records, next_cursor };
}

function indexOf(feed: Feed, date: CivilDate): Readonly<Record<string, unknown>> {
  if (isClosed(feed, date)) return { feed, date, status: 'closed', lists: [], lists_total: 0 };
  const lists = Object.keys(LISTS).map((list) => ({ list }));
  return { feed, date, status: 'open', lists, lists_total: lists.length };
}

/** NaN of a cursor that is none. */
function startOf(cursor: string | null): number {
  if (cursor === null) return 0;
  return Number(/^after:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1] ?? Number.NaN);
}
