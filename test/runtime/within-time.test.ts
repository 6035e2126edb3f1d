import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NodeHttpClient } from '../../adapters/web/node-http-client.ts';
import { createPoliteFetcher } from '../../core/fetch/polite-fetcher.ts';
import { createRateLimiter } from '../../core/fetch/rate-limiter.ts';
import { createRobotsCache } from '../../core/fetch/robots.ts';
import type { Platform } from '../../core/platform.ts';
import { scrape } from '../../core/scrape/scrape.ts';
import { withinTime } from '../../runtime/within-time.ts';
import { ManualClock } from '../core/fetch/manual-clock.ts';
import { Session } from '../e2e/support/session.ts';

const SECOND = 1000;
/** What a function has, and what it keeps for the last page. */
const CALL_MS = 300 * SECOND;
const RESERVE_MS = 80 * SECOND;

let session: Session;
let clock: ManualClock;
let client: NodeHttpClient;
let limiter: ReturnType<typeof createRateLimiter>;
/** The session's, whose requests wait by the clock of this file. */
let platform: Platform;

beforeEach(async () => {
  session = await Session.start();
  clock = new ManualClock();
  client = new NodeHttpClient();
  limiter = createRateLimiter({ clock, maxPenaltyMs: CALL_MS });
  const { politeness, limits } = session.source;
  const fetcher = createPoliteFetcher({
    ...{ client, clock, rateLimiter: limiter, robots: createRobotsCache({ clock }), limits },
    politeness: { ...politeness, minDelayMs: 0 },
    allowPrivateOrigin: new URL(session.site.url).origin,
  });
  platform = { ...session.platform, fetcherFor: () => fetcher };
});
afterEach(async () => {
  await client.close();
  await session.close();
});

/** Of a call that begins now. */
function timeLeft(): () => number {
  const end = clock.now() + CALL_MS - RESERVE_MS;
  return () => end - clock.now();
}

const host = () => new URL(session.site.url).host;
const pause = (ms: number) => limiter.penalise(host(), ms);
/** Until a request waits for its host, and the call for its end. */
const everybodyWaits = () => vi.waitFor(() => expect(clock.sleeping).toBe(2), { timeout: 20_000 });

it('a page whose host lets nobody ask before time is over is left for the next call', async () => {
  const work = await session.planned('gb');
  const before = session.site.requests.length;
  const asked = () => session.site.requests.slice(before).map(({ path }) => path);
  const call = () => withinTime(platform, timeLeft(), (within, stop) => scrape(within, work, stop), clock);
  pause(CALL_MS - 30 * SECOND);

  const first = call();
  await everybodyWaits();
  // Time is over before the pause is: whoever waited would be dead before the answer came.
  await clock.advance(CALL_MS - RESERVE_MS);
  expect(await first).toEqual({ done: false });
  expect(asked()).toEqual([]);

  const second = call();
  await everybodyWaits();
  await clock.advance(RESERVE_MS);
  expect(await second).toEqual({ done: true });
  const pages = asked().filter((path) => !path.endsWith('/robots.txt'));
  expect(pages).toHaveLength(1 + session.amount.races);
  expect(new Set(pages).size).toBe(pages.length);
});

it('a permit that comes when there is no time left is not used', async () => {
  pause(10 * SECOND);
  // The machine was busy: time is over, and nobody has been woken yet.
  const isPaused = () => limiter.pausedMs(host()) > 0;
  const left = () => (isPaused() ? CALL_MS : -1);
  const fetched = withinTime(
    platform,
    left,
    (within) => within.fetcherFor(session.source).fetch({ url: session.site.url }),
    clock,
  );
  await everybodyWaits();
  await clock.advance(10 * SECOND);
  expect((await fetched).kind).toBe('dropped');
  expect(session.site.requests.map(({ path }) => path)).not.toContain('/');
});

it('nothing is left running when the work has ended before', async () => {
  const answer = withinTime(platform, timeLeft(), async (_, stop) => stop(), clock);
  expect(await answer).toBe(false);
  expect(clock.sleeping).toBe(0);
});
