import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pace, Permit } from '../../../core/fetch/permit.ts';
import { createPermitStore } from '../../../core/fetch/permit-store.ts';
import { createRateLimiter } from '../../../core/fetch/rate-limiter.ts';
import { ManualClock } from './manual-clock.ts';
import { PermitFile, WatchedStore } from './permit-file.ts';

let file: PermitFile;
beforeAll(() => {
  file = new PermitFile();
});
afterAll(() => file.close());

let hosts = 0;
const newHost = () => `host-${hosts++}.example`;

const QUARTER: Pace = { concurrency: 4, minDelayMs: 250 };
const UNPACED: Pace = { concurrency: 4, minDelayMs: 0 };

/** A rate limiter as one process has it. */
function processOn(clock: ManualClock, host: string, turns?: readonly number[]) {
  const state = new WatchedStore(file.open(), turns);
  const rateLimiter = createRateLimiter({
    clock,
    maxPenaltyMs: 60_000,
    permits: createPermitStore({ state, clock }),
  });
  const zero = clock.now();
  const starts: number[] = [];
  const ask = (pace: Pace, signal?: AbortSignal): Promise<Permit> =>
    rateLimiter.acquire(host, pace, signal).then((permit) => {
      starts.push(clock.now() - zero);
      return permit;
    });
  return { state, rateLimiter, starts, ask, penalise: (ms: number) => rateLimiter.penalise(host, ms) };
}

function setUp() {
  const clock = new ManualClock();
  const host = newHost();
  return { clock, host, here: processOn(clock, host), there: processOn(clock, host) };
}

describe('two rate limiters on one permit store', () => {
  it('share the delay between the starts', async () => {
    const { clock, here, there } = setUp();
    void here.ask(QUARTER);
    void here.ask(QUARTER);
    void there.ask(QUARTER);
    void there.ask(QUARTER);
    await clock.run();
    expect([...here.starts, ...there.starts].toSorted((a, b) => a - b)).toEqual([0, 250, 500, 750]);
  });

  it('are as fast as one without a permit store while nobody else asks', async () => {
    const { clock, here } = setUp();
    for (let i = 0; i < 4; i++) void here.ask(QUARTER);
    await clock.run();
    expect(here.starts).toEqual([0, 250, 500, 750]);
  });

  it('ask the permit store twice a request: a write for the start, a read for pauses', async () => {
    const { clock, here } = setUp();
    for (let i = 0; i < 10; i++) void here.ask({ ...QUARTER, concurrency: 10 });
    await clock.run();
    expect([here.state.reads, here.state.writes]).toEqual([10, 10]);
  });

  it('obey a pause of the other one, also for a start that is reserved already, and then keep apart', async () => {
    const { clock, here, there } = setUp();
    await here.ask(QUARTER);
    void there.ask(QUARTER);
    void here.ask(QUARTER);
    await clock.advance(100);
    here.penalise(3000);
    await clock.run();
    expect([...here.starts, ...there.starts].toSorted((a, b) => a - b)).toEqual([0, 3100, 3350]);
  });

  it('obey a pause that grew while they waited out a shorter one', async () => {
    const { clock, here, there } = setUp();
    here.penalise(1000);
    void there.ask(QUARTER);
    await clock.advance(900);
    here.penalise(2000);
    await clock.run();
    expect(there.starts).toEqual([2900]);
  });

  it('obey a pause of the other one within a second where nothing is spaced', async () => {
    const { clock, here, there } = setUp();
    (await here.ask(UNPACED)).release();
    there.penalise(5000);
    await clock.advance(999);
    (await here.ask(UNPACED)).release();
    await clock.advance(1);
    void here.ask(UNPACED);
    await clock.run();
    expect(here.starts).toEqual([0, 999, 5000]);
  });

  it('write nothing and read once a second where nothing is spaced', async () => {
    const { clock, here } = setUp();
    for (let i = 0; i < 200; i++) {
      (await here.ask(UNPACED)).release();
      await clock.advance(10);
    }
    expect(here.starts).toHaveLength(200);
    expect([here.state.reads, here.state.writes]).toEqual([2, 0]);
  });

  it('keep the delay behind a start that came late, because the permit store was slow', async () => {
    const { clock, here, there } = setUp();
    here.state.slow = () => clock.sleep(100);
    void here.ask(QUARTER);
    await clock.advance(200);
    here.state.slow = undefined;
    void here.ask(QUARTER);
    await clock.advance(0);
    void there.ask(QUARTER);
    await clock.run();
    expect([here.starts, there.starts]).toEqual([[600, 850], [350]]);
  });

  it('let nobody start within the delay of the other one where timers fire late', async () => {
    const { clock, here, there, host } = setUp();
    await here.ask(QUARTER);
    // So long a process may be busy between its sleep and its start.
    const busy = [100];
    const late = here.rateLimiter.acquire(host, QUARTER, undefined, () => clock.sleep(busy.pop() ?? 0));
    await clock.advance(10);
    void there.ask(QUARTER);
    await clock.run();
    expect([(await late).waitedMs, there.starts]).toEqual([750, [500]]);
  });

  it('waste at most the start of a waiter that is aborted', async () => {
    const { clock, here, there } = setUp();
    await here.ask(QUARTER);
    const controller = new AbortController();
    const gone = here.ask(QUARTER, controller.signal);
    await clock.advance(0);
    controller.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    expect(clock.sleeping).toBe(0);
    void there.ask(QUARTER);
    await clock.run();
    expect(there.starts).toEqual([500]);
  });

  it('let a waiter go at once that is aborted while the permit store is asked, and serve the next', async () => {
    const clock = new ManualClock();
    const slow = processOn(clock, newHost(), [50]);
    const controller = new AbortController();
    const gone = slow.ask(QUARTER, controller.signal);
    const next = slow.ask(QUARTER);
    controller.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    expect(slow.starts).toEqual([]);
    await clock.run();
    await next;
    expect(slow.starts).toEqual([250]);
  });
});

describe('who confirms', () => {
  it.each([
    ['alone', undefined],
    ['over a permit store', 'permits'],
  ])('is asked behind every sleep and every other question, once for each permit: %s', async (_, kind) => {
    const { clock, here, host } = setUp();
    const rateLimiter = kind ? here.rateLimiter : createRateLimiter({ clock });
    const zero = clock.now();
    const asked: number[] = [];
    const confirm = async () => {
      asked.push(clock.now() - zero);
    };
    const starts: number[] = [];
    const acquire = () =>
      rateLimiter.acquire(host, QUARTER, undefined, confirm).then(() => starts.push(clock.now() - zero));
    void acquire();
    void acquire();
    await clock.advance(100);
    rateLimiter.penalise(host, 900);
    await clock.run();
    expect([asked, starts]).toEqual([
      [0, 1000],
      [0, 1000],
    ]);
  });

  it('may abort: nothing is given, and the next one gets the permit', async () => {
    const { clock, here, host } = setUp();
    const controller = new AbortController();
    const gone = here.rateLimiter.acquire(host, QUARTER, controller.signal, async () => {
      controller.abort(new Error('the target is flagged'));
    });
    const next = here.ask(QUARTER);
    await expect(gone).rejects.toThrow('the target is flagged');
    await clock.run();
    await next;
    // The start that was reserved for the first one is a gap.
    expect(here.starts).toEqual([250]);
  });

  it('may fail: its own request is refused, and no other', async () => {
    const { clock, here, host } = setUp();
    const failed = here.rateLimiter.acquire(host, UNPACED, undefined, async () => {
      throw new Error('the table is gone');
    });
    const next = here.ask(UNPACED);
    await expect(failed).rejects.toThrow('the table is gone');
    await clock.run();
    await next;
    expect(here.starts).toEqual([0]);
  });

  it('does not count as under way while it is asked', async () => {
    const { clock, here, host } = setUp();
    const one = { concurrency: 1, minDelayMs: 0 };
    const permit = await here.ask(one);
    let asked = 0;
    void here.rateLimiter.acquire(host, one, undefined, async () => {
      asked++;
    });
    await clock.run();
    expect(asked).toBe(0);
    permit.release();
    await clock.run();
    expect(asked).toBe(1);
  });
});

describe('a permit store that cannot be asked', () => {
  it.each([
    ['reserve', QUARTER],
    ['look for pauses', UNPACED],
  ])('rejects the request that had to %s, and the next one works', async (_, pace) => {
    const { clock, here } = setUp();
    here.state.failing = true;
    const failed = here.ask({ ...pace, concurrency: 1 });
    await expect(failed).rejects.toThrow('the disk is full');
    here.state.failing = false;
    // With a permit taken or the queue stuck, nobody would get the only one.
    const permit = here.ask({ ...pace, concurrency: 1 });
    await clock.run();
    await permit;
    expect(here.starts).toEqual([0]);
  });

  it('rejects each of those that wait, in turn', async () => {
    const { clock, here } = setUp();
    here.state.failing = true;
    const asked = [1, 2, 3].map(() => here.ask(QUARTER));
    const ends = Promise.allSettled(asked);
    await clock.run();
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('rejects a request that is to look once more before it starts', async () => {
    const { clock, here } = setUp();
    await here.ask(QUARTER);
    const failed = here.ask(QUARTER);
    const rejected = expect(failed).rejects.toThrow('the disk is full');
    await clock.advance(100);
    here.state.failing = true;
    await clock.run();
    await rejected;
  });

  it('keeps a pause that could not be written, and writes it before the next start', async () => {
    const { clock, here, there } = setUp();
    here.state.failing = true;
    here.penalise(3000);
    await clock.advance(100);
    await expect(here.ask(QUARTER)).rejects.toThrow('the disk is full');
    here.state.failing = false;
    void here.ask(QUARTER);
    await clock.advance(0);
    void there.ask(UNPACED);
    await clock.run();
    expect([here.starts, there.starts]).toEqual([[3000], [3000]]);
  });

  it('forgets a pause that could not be written once it is over', async () => {
    const { clock, here } = setUp();
    here.state.failing = true;
    here.penalise(3000);
    await clock.advance(3000);
    here.state.failing = false;
    (await here.ask(UNPACED)).release();
    expect(here.state.writes).toBe(0);
  });
});
