import { isProxyFailure, type Outcome } from '../outcome/outcome.ts';
import type { Clock } from '../ports/clock.ts';
import type { RobotsRequest, SentBy } from './fetcher.ts';
import { parseRobots, type RobotsRules } from './robots-rules.ts';

/** What came of asking an origin for its robots.txt. */
export type RobotsAnswer =
  | { readonly kind: 'text'; readonly text: string; readonly request: RobotsRequest }
  /** No such file, or none for us (4xx): everything may be fetched (RFC 9309, section 2.3.1.3). */
  | { readonly kind: 'absent'; readonly request: RobotsRequest }
  /** Not readable just now: nothing may be fetched (section 2.3.1.4). */
  | {
      readonly kind: 'unreachable';
      readonly outcome: Outcome;
      readonly request?: RobotsRequest;
      readonly by?: SentBy;
    };

type RobotsPermission =
  | { readonly kind: 'allowed'; readonly crawlDelayMs?: number }
  | { readonly kind: 'forbidden'; readonly pattern: string }
  | { readonly kind: 'unreachable'; readonly outcome: Outcome; readonly by?: SentBy };

export interface RobotsCheck {
  readonly permission: RobotsPermission;
  /**
   * The request that this check caused; absent where the answer was known or somebody else had asked already.
   */
  readonly request?: RobotsRequest;
}

/** The robots.txt of every origin that a run meets, each read once. */
export interface RobotsCache {
  /**
   * `load` is called at most once at a time for an origin, however many ask. Its signal is aborted when all
   * of them have gone; with that reason it may reject. Whoever goes gets `aborted` at once, but for the one
   * whose request is on its way.
   */
  check(
    url: URL,
    userAgent: string,
    load: (signal: AbortSignal) => Promise<RobotsAnswer>,
    signal?: AbortSignal,
  ): Promise<RobotsCheck | 'aborted'>;
}

export interface RobotsCacheOptions {
  readonly clock: Clock;
  /** Milliseconds that an answer serves. @default 24 hours, the most that RFC 9309 (section 2.4) lets pass */
  readonly ttlMs?: number;
  /**
   * Milliseconds before an origin that gave no answer is asked again. @default 2000, the first wait of a
   * retry
   */
  readonly retryMs?: number;
}

/** Answers that are kept; the oldest go first, and their origins are asked again where they are needed. */
const MOST_ORIGINS = 2000;

/** Milliseconds before an origin with a wall before its robots.txt is asked again: longer than a crawl. */
const BLOCKED_MS = 600_000;

/** A robots.txt that asks for more than this (milliseconds) is read as this much: a run must end. */
const MAX_CRAWL_DELAY_MS = 30_000;

interface Entry {
  readonly answer: Promise<RobotsAnswer>;
  /** Once it is there: whoever asks later has nothing to wait for. */
  known?: RobotsAnswer;
  readonly rules: Map<string, RobotsRules>;
  parsed?: (userAgent: string) => RobotsRules;
  staleAt: number;
  /** Those who asked and have not gone. */
  waiting: number;
  /** Ends the request where nobody is left, and lets the next one ask anew. */
  readonly stop: () => void;
  readonly stopped: AbortSignal;
}

export function createRobotsCache(options: RobotsCacheOptions): RobotsCache {
  const { clock, ttlMs = 86_400_000, retryMs = 2000 } = options;
  const origins = new Map<string, Entry>();

  const forgetOldest = (): void => {
    for (const [origin, { staleAt }] of origins) {
      // While it is on its way, others wait for it.
      if (staleAt === Number.POSITIVE_INFINITY) continue;
      origins.delete(origin);
      return;
    }
  };

  const ask = (origin: string, load: (signal: AbortSignal) => Promise<RobotsAnswer>): Entry => {
    const stop = new AbortController();
    const answer = load(stop.signal);
    const entry: Entry = {
      answer,
      rules: new Map(),
      staleAt: Number.POSITIVE_INFINITY,
      waiting: 0,
      stopped: stop.signal,
      stop: () => {
        if (origins.get(origin) === entry) origins.delete(origin);
        stop.abort();
      },
    };
    // Behind all others, also where an older answer stood before them.
    origins.delete(origin);
    origins.set(origin, entry);
    if (origins.size > MOST_ORIGINS) forgetOldest();
    entry.answer.then(
      (known) => {
        entry.known = known;
        entry.staleAt = clock.now() + (known.kind === 'unreachable' ? waitMsAfter(known, retryMs) : ttlMs);
      },
      // Only a bug rejects, a store out of reach, or who was stopped; whoever waits sees it, and the next one
      // asks again.
      () => {
        if (origins.get(origin) === entry) origins.delete(origin);
      },
    );
    return entry;
  };

  return {
    check: async (url, userAgent, load, signal) => {
      const known = origins.get(url.origin);
      const fresh = known !== undefined && clock.now() < known.staleAt;
      const entry = fresh ? known : ask(url.origin, load);
      const answer = await answerFor(entry, fresh, signal);
      if (answer === 'aborted') return answer;
      const permission = permissionOf(entry, answer, url, userAgent);
      if (fresh || answer.request === undefined) return { permission };
      const note = answer.kind === 'text' ? noteOn(rulesFor(entry, answer.text, userAgent)) : undefined;
      return { permission, request: { ...answer.request, ...(note !== undefined && { note }) } };
    },
  };
}

/** A wall is met once; through another proxy the file may well be read. */
function waitMsAfter(
  { outcome, by }: Extract<RobotsAnswer, { kind: 'unreachable' }>,
  retryMs: number,
): number {
  const isBlocked = outcome.code === 'BLOCKED';
  if (isProxyFailure(outcome) || (isBlocked && by?.proxy)) return 0;
  return isBlocked ? BLOCKED_MS : retryMs;
}

/**
 * `isSure`: the request is another's matter, or over. Whoever caused it waits for what came of it, to put it
 * on record.
 */
async function answerFor(
  entry: Entry,
  isSure: boolean,
  signal: AbortSignal | undefined,
): Promise<RobotsAnswer | 'aborted'> {
  if (entry.known) return entry.known;
  entry.waiting++;
  if (signal === undefined) return entry.answer;
  let leave = () => {};
  const gone = new Promise<'aborted'>((resolve) => {
    leave = () => {
      if (--entry.waiting === 0) entry.stop();
      if (isSure) resolve('aborted');
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([entry.answer, gone]);
  } catch (error) {
    if (entry.stopped.aborted) return 'aborted';
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function permissionOf(entry: Entry, answer: RobotsAnswer, url: URL, userAgent: string): RobotsPermission {
  if (answer.kind === 'unreachable')
    return { kind: 'unreachable', outcome: answer.outcome, ...(answer.by && { by: answer.by }) };
  if (answer.kind === 'absent') return { kind: 'allowed' };
  const rules = rulesFor(entry, answer.text, userAgent);
  const pattern = rules.forbids(url.pathname + url.search);
  if (pattern !== undefined) return { kind: 'forbidden', pattern };
  const { crawlDelayMs } = rules;
  return { kind: 'allowed', crawlDelayMs: crawlDelayMs && Math.min(crawlDelayMs, MAX_CRAWL_DELAY_MS) };
}

/** What was not taken at its word. */
function noteOn({ crawlDelayMs = 0 }: RobotsRules): string | undefined {
  if (crawlDelayMs <= MAX_CRAWL_DELAY_MS) return undefined;
  const asked = Math.round(crawlDelayMs / 1000);
  return `robots.txt asks for a Crawl-delay of ${asked} s; ${MAX_CRAWL_DELAY_MS / 1000} s are kept`;
}

function rulesFor(entry: Entry, text: string, userAgent: string): RobotsRules {
  const known = entry.rules.get(userAgent);
  if (known !== undefined) return known;
  entry.parsed ??= parseRobots(text);
  const rules = entry.parsed(userAgent);
  entry.rules.set(userAgent, rules);
  return rules;
}
