import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pace } from '../../../core/fetch/permit.ts';
import { createPermitStore } from '../../../core/fetch/permit-store.ts';
import { createRateLimiter, type RateLimiter } from '../../../core/fetch/rate-limiter.ts';
import { RequestSlots } from '../../../core/fetch/request-slots.ts';
import { ManualClock } from './manual-clock.ts';
import { PermitFile, WatchedStore } from './permit-file.ts';

let file: PermitFile;
beforeAll(() => {
  file = new PermitFile();
});
afterAll(() => file.close());

let hosts = 0;

interface Plan {
  readonly process: number;
  readonly host: number;
  readonly askAt: number;
  readonly takes: number;
  readonly penaltyMs: number;
  /** When the asking is given up, in milliseconds after it. */
  readonly patience: number | null;
}

interface Stay {
  readonly process: number;
  readonly host: number;
  readonly asked: number;
  readonly start: number;
  readonly end: number;
  readonly penaltyMs: number;
}

async function stay(
  clock: ManualClock,
  names: readonly string[],
  rateLimiter: RateLimiter,
  pace: Pace,
  plan: Plan,
): Promise<Stay | undefined> {
  const host = names[plan.host]!;
  await clock.sleep(plan.askAt);
  const asked = clock.now();
  const controller = new AbortController();
  if (plan.patience !== null) void clock.sleep(plan.patience).then(() => controller.abort());
  const permit = await rateLimiter.acquire(host, pace, controller.signal).catch(() => undefined);
  if (permit === undefined) return undefined;
  const start = clock.now();
  await clock.sleep(plan.takes);
  if (plan.penaltyMs > 0) rateLimiter.penalise(host, plan.penaltyMs);
  const end = clock.now();
  permit.release();
  return { process: plan.process, host: plan.host, asked, start, end, penaltyMs: plan.penaltyMs };
}

function keepsPace(served: readonly Stay[], paceOf: readonly Pace[]): void {
  const inOrder = served.toSorted((x, y) => x.start - y.start);
  for (const [i, each] of inOrder.entries()) {
    const before = inOrder[i - 1];
    const { concurrency, minDelayMs } = paceOf[each.process]!;
    if (before) expect(each.start - before.start).toBeGreaterThanOrEqual(minDelayMs);
    const own = inOrder.filter(({ process }) => process === each.process);
    const under = own.filter(({ start, end }) => start <= each.start && each.start < end);
    expect(under.length).toBeLessThanOrEqual(concurrency);
    const ahead = own[own.indexOf(each) - 1];
    if (ahead) expect(each.asked).toBeGreaterThanOrEqual(ahead.asked);
    for (const { end, penaltyMs } of served) {
      if (penaltyMs > 0 && end < each.start)
        expect(each.start - end).toBeGreaterThanOrEqual(Math.min(penaltyMs, 300));
    }
  }
}

describe('rate limiters on one permit store', () => {
  it('never start closer than the delay nor within a pause nor without a slot, over any interleaving, and serve everybody', async () => {
    const limiterOf = (state: WatchedStore, clock: ManualClock) =>
      createRateLimiter({ clock, maxPenaltyMs: 300, permits: createPermitStore({ state, clock }) });
    const stores = [file.open(), file.open(), file.open()];
    const seldom = (arbitrary: fc.Arbitrary<number>) =>
      fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, arbitrary);
    const plans = fc.array(
      fc.record({
        process: fc.nat(2),
        host: fc.nat(2),
        askAt: fc.nat(300),
        takes: fc.nat(200),
        penaltyMs: seldom(fc.integer({ min: 1, max: 400 })),
        patience: fc.option(fc.nat(200), { freq: 6 }),
      }),
      { maxLength: 24 },
    );
    const pace = fc.record({
      concurrency: fc.integer({ min: 1, max: 4 }),
      minDelayMs: fc.integer({ min: 1, max: 60 }),
    });
    const paces = fc.tuple(pace, pace, pace);
    const slots = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
    // How late each answer of the store is: this is what makes the processes' reads and writes cross.
    const turns = fc.array(fc.nat(12), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        plans,
        paces,
        fc.tuple(turns, turns, turns),
        slots,
        async (all, paces, late, atOnce) => {
          const clock = new ManualClock();
          const names = [0, 1, 2].map(() => `host-${hosts++}.example`);
          const paceOf = paces.map(
            (pace): Pace => ({ ...pace, ...(atOnce && { slots: new RequestSlots(atOnce) }) }),
          );
          const processes = stores.map((store, i) => limiterOf(new WatchedStore(store, late[i]), clock));
          const work = Promise.all(
            all.map((plan) => stay(clock, names, processes[plan.process]!, paceOf[plan.process]!, plan)),
          );
          await clock.run();
          const served = (await work).filter((each) => each !== undefined);
          // Whoever gave up may be missing, nobody else.
          expect(served.length).toBeGreaterThanOrEqual(
            all.filter(({ patience }) => patience === null).length,
          );
          for (const { process, start } of served) {
            const underWay = served.filter(
              (each) => each.process === process && each.start <= start && start < each.end,
            );
            expect(underWay.length).toBeLessThanOrEqual(atOnce ?? Number.POSITIVE_INFINITY);
          }
          for (const ofHost of Map.groupBy(served, ({ host }) => host).values()) keepsPace(ofHost, paceOf);
        },
      ),
      { numRuns: 150 },
    );
  });
});
