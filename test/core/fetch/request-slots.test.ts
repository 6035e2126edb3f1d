import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pace, Permit } from '../../../core/fetch/permit.ts';
import { createPermitStore } from '../../../core/fetch/permit-store.ts';
import { createRateLimiter } from '../../../core/fetch/rate-limiter.ts';
import { RequestSlots } from '../../../core/fetch/request-slots.ts';
import { ManualClock } from './manual-clock.ts';
import { PermitFile } from './permit-file.ts';

let file: PermitFile;
beforeAll(() => {
  file = new PermitFile();
});
afterAll(() => file.close());

let hosts = 0;

/** Two hosts that nobody has asked yet, and a process with so many slots for both. */
function setUp(atOnce: number) {
  const clock = new ManualClock();
  const zero = clock.now();
  const processOf = (slots?: RequestSlots) => {
    const limiter = createRateLimiter({ clock, permits: createPermitStore({ state: file.open(), clock }) });
    const starts: Record<string, number[]> = {};
    const pace: Pace = { concurrency: 4, minDelayMs: 250, ...(slots && { slots }) };
    const ask = (host: string, signal?: AbortSignal): Promise<Permit> =>
      limiter.acquire(host, pace, signal).then((permit) => {
        starts[host] = [...(starts[host] ?? []), clock.now() - zero];
        return permit;
      });
    return { limiter, pace, starts, ask };
  };
  const [slow, other] = [`slow-${hosts++}.example`, `other-${hosts++}.example`] as const;
  return { clock, slow, other, here: processOf(new RequestSlots(atOnce)), there: processOf() };
}

describe('the slots of a run', () => {
  it('are not held by who waits for the pace or the pause of a host', async () => {
    const { clock, slow, other, here } = setUp(1);
    (await here.ask(slow)).release();
    here.limiter.penalise(slow, 5000);
    void here.ask(slow);
    await clock.advance(10);
    const permit = await here.ask(other);
    expect(here.starts[other]).toEqual([10]);
    permit.release();
    await clock.run();
    expect(here.starts[slow]).toEqual([0, 5000]);
  });

  it('go to whoever asked first, and to nobody beside', async () => {
    const { clock, here } = setUp(2);
    const names = ['a', 'b', 'c', 'd'].map((name) => `${name}-${hosts++}.example`);
    const permits = names.map((name) => here.ask(name));
    await clock.advance(100);
    expect(Object.keys(here.starts)).toEqual(names.slice(0, 2));
    (await permits[0]!).release();
    await clock.advance(100);
    expect(Object.keys(here.starts)).toEqual(names.slice(0, 3));
    (await permits[1]!).release();
    await clock.advance(100);
    expect(Object.keys(here.starts)).toEqual(names);
  });

  it('are waited for without losing the start of the host, where nobody else asks it', async () => {
    const { clock, slow, other, here } = setUp(1);
    (await here.ask(slow)).release();
    void here.ask(slow);
    await clock.advance(240);
    const permit = await here.ask(other);
    await clock.advance(160);
    permit.release();
    await clock.run();
    expect(here.starts[slow]).toEqual([0, 400]);
  });

  it('that come late let nobody start within the delay of another process', async () => {
    const { clock, slow, other, here, there } = setUp(1);
    (await here.ask(slow)).release();
    void here.ask(slow);
    await clock.advance(240);
    const permit = await here.ask(other);
    await clock.advance(20);
    void there.ask(slow);
    await clock.advance(140);
    permit.release();
    await clock.run();
    expect([here.starts[slow], there.starts[slow]]).toEqual([[0, 750], [500]]);
  });

  it('are given back by who goes before he starts', async () => {
    const { clock, slow, other, here } = setUp(1);
    const controller = new AbortController();
    const gone = here.limiter.acquire(slow, here.pace, controller.signal, async () =>
      controller.abort(new Error('flagged')),
    );
    await expect(gone).rejects.toThrow('flagged');
    const held = await here.ask(other);
    const waits = new AbortController();
    const waiting = here.ask(slow, waits.signal);
    await clock.advance(10);
    waits.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    held.release();
    await clock.advance(1000);
    (await here.ask(slow)).release();
    await clock.run();
    expect(here.starts[slow]).toEqual([1010]);
  });
});
