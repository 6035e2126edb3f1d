import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pace, Permit } from '../../../core/fetch/permit.ts';
import { createRateLimiter, type RateLimiter } from '../../../core/fetch/rate-limiter.ts';
import { ManualClock } from './manual-clock.ts';

const HOST = 'racing.example';

function setUp(maxPenaltyMs?: number) {
  const clock = new ManualClock();
  const hosts = createRateLimiter({ clock, maxPenaltyMs });
  const zero = clock.now();
  const starts: number[] = [];
  /** Asks for a permit and writes down when it came. */
  const ask = (pace: Pace, host = HOST, signal?: AbortSignal): Promise<Permit> =>
    hosts.acquire(host, pace, signal).then((permit) => {
      starts.push(clock.now() - zero);
      return permit;
    });
  return { clock, hosts, starts, ask };
}

describe('the rate limiter', () => {
  it('lets the first request through at once', async () => {
    const { ask, clock } = setUp();
    const permit = await ask({ concurrency: 1, minDelayMs: 1000 });
    expect(permit.waitedMs).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it('keeps the delay between the starts', async () => {
    const { ask, clock, starts } = setUp();
    const turns = [1, 2, 3].map(() => ask({ concurrency: 9, minDelayMs: 250 }));
    await clock.run();
    expect(starts).toEqual([0, 250, 500]);
    expect((await Promise.all(turns)).map(({ waitedMs }) => waitedMs)).toEqual([0, 250, 500]);
  });

  it('keeps the delay from when a request left, where a busy process kept it back', async () => {
    const { ask, clock, starts } = setUp();
    const pace = { concurrency: 1, minDelayMs: 1000 };
    const first = await ask(pace);
    void ask(pace);
    await clock.advance(980);
    first.sent();
    await clock.advance(20);
    first.release();
    await clock.run();
    expect(starts).toEqual([0, 1980]);
  });

  it('gives the next permit when one is released, and counts a double release once', async () => {
    const { ask, clock, starts } = setUp();
    const pace = { concurrency: 1, minDelayMs: 0 };
    const first = await ask(pace);
    void ask(pace);
    void ask(pace);
    await clock.advance(100);
    expect(starts).toEqual([0]);
    first.release();
    first.release();
    await clock.advance(0);
    expect(starts).toEqual([0, 100]);
  });

  it.each([365 * 86_400_000, 3_600_000, 5_000])(
    'waits no longer where the clock is set back by %d ms',
    async (ms) => {
      const { ask, clock, hosts } = setUp();
      const pace = { concurrency: 9, minDelayMs: 250 };
      await ask(pace);
      hosts.penalise(HOST, 1000);
      clock.set(-ms);
      const permit = ask(pace);
      await clock.advance(999);
      expect(await Promise.race([permit, 'none yet'])).toBe('none yet');
      await clock.advance(1);
      expect((await permit).waitedMs).toBe(1000);
    },
  );

  it('keeps hosts apart', async () => {
    const { ask, clock, starts } = setUp();
    void ask({ concurrency: 1, minDelayMs: 5000 }, 'a.example');
    void ask({ concurrency: 1, minDelayMs: 5000 }, 'b.example');
    await clock.advance(0);
    expect(starts).toEqual([0, 0]);
  });

  it('lets the whole host wait out a penalty, also those that wait already', async () => {
    const { ask, hosts, clock, starts } = setUp();
    const pace = { concurrency: 9, minDelayMs: 100 };
    await ask(pace);
    void ask(pace);
    await clock.advance(50);
    hosts.penalise(HOST, 3000);
    await clock.run();
    expect(starts).toEqual([0, 3050]);
  });

  it('clamps a penalty, and never shortens the one in force', async () => {
    const { ask, hosts, clock, starts } = setUp(60_000);
    hosts.penalise(HOST, 86_400_000);
    hosts.penalise(HOST, 10);
    void ask({ concurrency: 1, minDelayMs: 0 });
    await clock.run();
    expect(starts).toEqual([60_000]);
  });

  it('lets a waiter go that is aborted, and the next one move up', async () => {
    const { ask, clock, starts } = setUp();
    const pace = { concurrency: 9, minDelayMs: 1000 };
    await ask(pace);
    const controller = new AbortController();
    const gone = ask(pace, HOST, controller.signal);
    void ask(pace);
    controller.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    await clock.run();
    expect(starts).toEqual([0, 1000]);
  });

  it('does not sleep on for nobody', async () => {
    const { ask, hosts, clock } = setUp();
    hosts.penalise(HOST, 60_000);
    const controller = new AbortController();
    const gone = ask({ concurrency: 1, minDelayMs: 0 }, HOST, controller.signal);
    expect(clock.sleeping).toBe(1);
    controller.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    expect(clock.sleeping).toBe(0);
  });

  it('refuses a signal that is aborted already', async () => {
    const { ask } = setUp();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(ask({ concurrency: 1, minDelayMs: 0 }, HOST, signal)).rejects.toThrow('enough');
  });
});

interface Plan {
  readonly host: string;
  readonly askAt: number;
  readonly takes: number;
  readonly penaltyMs: number;
}

interface Stay {
  readonly host: string;
  readonly asked: number;
  readonly start: number;
  readonly end: number;
  readonly penaltyMs: number;
}

async function stay(clock: ManualClock, hosts: RateLimiter, pace: Pace, plan: Plan): Promise<Stay> {
  await clock.sleep(plan.askAt);
  const asked = clock.now();
  const permit = await hosts.acquire(plan.host, pace);
  const start = clock.now();
  await clock.sleep(plan.takes);
  if (plan.penaltyMs > 0) hosts.penalise(plan.host, plan.penaltyMs);
  const end = clock.now();
  permit.release();
  return { host: plan.host, asked, start, end, penaltyMs: plan.penaltyMs };
}

it('never exceeds concurrency, rate or penalty, serves everybody, and in the order of asking', async () => {
  const plans = fc.array(
    fc.record({
      host: fc.constantFrom('a', 'b'),
      askAt: fc.nat(300),
      takes: fc.nat(200),
      penaltyMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 400 })),
    }),
    { maxLength: 25 },
  );
  const paces = fc.record({ concurrency: fc.integer({ min: 1, max: 4 }), minDelayMs: fc.nat(60) });
  await fc.assert(
    fc.asyncProperty(plans, paces, async (all, pace) => {
      const clock = new ManualClock();
      const hosts = createRateLimiter({ clock, maxPenaltyMs: 300 });
      const work = Promise.all(all.map((plan) => stay(clock, hosts, pace, plan)));
      await clock.run();
      const stays = await work;
      for (const host of ['a', 'b']) {
        const here = stays.filter((each) => each.host === host).toSorted((x, y) => x.start - y.start);
        for (const [i, each] of here.entries()) {
          const under = here.filter(({ start, end }) => start <= each.start && each.start < end).length;
          expect(under).toBeLessThanOrEqual(pace.concurrency);
          const before = here[i - 1];
          if (before !== undefined) {
            expect(each.start - before.start).toBeGreaterThanOrEqual(pace.minDelayMs);
            expect(each.asked).toBeGreaterThanOrEqual(each.start === before.start ? 0 : before.asked);
          }
          for (const { end, penaltyMs } of here) {
            if (penaltyMs > 0 && end < each.start) {
              expect(each.start - end).toBeGreaterThanOrEqual(Math.min(penaltyMs, 300));
            }
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});
