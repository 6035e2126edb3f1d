import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf } from '../../../adapters/aws/dynamo-write.ts';
import { createPermitStore } from '../../../core/fetch/permit-store.ts';
import { ManualClock } from './manual-clock.ts';
import { PermitFile, WatchedStore } from './permit-file.ts';

const MINUTE = 60_000;

let file: PermitFile;
beforeAll(() => {
  file = new PermitFile();
});
afterAll(() => file.close());

let hosts = 0;

/** A host that nobody has asked yet, and two processes that may. */
function setUp() {
  const clock = new ManualClock();
  const stores = [new WatchedStore(file.open()), new WatchedStore(file.open())] as const;
  const [here, there] = stores.map((state) => createPermitStore({ state, clock }));
  return { clock, host: `host-${hosts++}.example`, stores, here: here!, there: there! };
}

describe('the store of permits', () => {
  it('gives the first start at once, and every further one the delay later, whoever asks', async () => {
    const { clock, host, here, there } = setUp();
    const zero = clock.now();
    const starts = [
      await here.reserve(host, 250),
      await there.reserve(host, 250),
      await here.reserve(host, 250),
    ];
    expect(starts).toEqual([zero, zero + 250, zero + 500]);
  });

  it('gives each start once when all ask at the same moment', async () => {
    const { clock, host, here, there } = setUp();
    const zero = clock.now();
    const starts = await Promise.all(
      [...Array(20).keys()].map((i) => (i % 2 ? here : there).reserve(host, 10)),
    );
    expect(starts.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()].map((i) => zero + 10 * i));
  });

  it('keeps the delay of the one who asks: one that may not go so fast waits longer', async () => {
    const { clock, host, here, there } = setUp();
    const zero = clock.now();
    await here.reserve(host, 250);
    expect(await there.reserve(host, 5000)).toBe(zero + 5000);
    expect(await here.reserve(host, 250)).toBe(zero + 5250);
  });

  it('gives no start before the time that the caller names', async () => {
    const { clock, host, here, there } = setUp();
    const zero = clock.now();
    expect(await here.reserve(host, 250, zero + 700)).toBe(zero + 700);
    expect(await there.reserve(host, 250, zero + 100)).toBe(zero + 950);
  });

  it('keeps no account of the time that nobody used', async () => {
    const { clock, host, here } = setUp();
    await here.reserve(host, 250);
    await clock.advance(10_000);
    expect(await here.reserve(host, 250)).toBe(clock.now());
  });

  it('lets everybody wait out a pause, also one that has read the entry before', async () => {
    const { clock, host, here, there } = setUp();
    const zero = clock.now();
    await there.reserve(host, 250);
    await here.pause(host, zero + 3000);
    expect(await there.pausedUntil(host)).toBe(zero + 3000);
    expect(await there.reserve(host, 250)).toBe(zero + 3000);
    expect(await here.reserve(host, 250)).toBe(zero + 3250);
  });

  it('never shortens a pause', async () => {
    const { clock, host, here, there } = setUp();
    const until = clock.now() + 3000;
    await here.pause(host, until);
    await there.pause(host, until - 1000);
    expect(await here.pausedUntil(host)).toBe(until);
  });

  it('keeps hosts apart', async () => {
    const { clock, host, here } = setUp();
    await here.pause(host, clock.now() + 3000);
    expect(await here.pausedUntil(`other-${host}`)).toBe(0);
    expect(await here.reserve(`other-${host}`, 250)).toBe(clock.now());
  });

  it('writes once for each start while nobody else asks', async () => {
    const { host, here, stores } = setUp();
    for (let i = 0; i < 10; i++) await here.reserve(host, 250);
    expect([stores[0].reads, stores[0].writes]).toEqual([1, 10]);
  });

  it('cuts a pause to five minutes', async () => {
    const { clock, host, here } = setUp();
    await here.pause(host, clock.now() + 600 * MINUTE);
    expect(await here.pausedUntil(host)).toBe(clock.now() + 5 * MINUTE);
  });

  it.each([
    ['a start', { ahead: 16 * MINUTE, field: 'lastStartAt' }],
    ['a pause', { ahead: 600 * MINUTE, field: 'pausedUntil' }],
  ])('does not believe %s that a clock which jumped has left far ahead', async (_, { ahead, field }) => {
    const { clock, host, here, there, stores } = setUp();
    const zero = clock.now();
    const value = { lastStartAt: 0, pausedUntil: 0, [field]: zero + ahead };
    await stores[0].write([{ kind: 'put', partition: 'hosts', sort: host, value }]);
    expect(await here.pausedUntil(host)).toBe(0);
    expect(await here.reserve(host, 250)).toBe(zero);
    expect(await there.reserve(host, 250)).toBe(zero + 250);
    expect((await stores[0].get('hosts', host))?.value).toEqual({ lastStartAt: zero + 250, pausedUntil: 0 });
  });

  it('believes in a queue of some minutes', async () => {
    const { clock, host, here, there } = setUp();
    const zero = clock.now();
    await here.pause(host, zero + MINUTE);
    for (let process = 0; process < 20; process++) await there.reserve(host, 30_000);
    expect(await here.reserve(host, 250)).toBe(zero + MINUTE + 19 * 30_000 + 250);
  });

  it('refuses an entry that it cannot read', async () => {
    const { host, here, stores } = setUp();
    const value = { lastStartAt: 'soon' };
    await stores[0].write([{ kind: 'put', partition: 'hosts', sort: host, value }]);
    await expect(here.reserve(host, 250)).rejects.toThrow(/lastStartAt/);
  });

  it.each([
    ['an address with a port', 'http://[2001:db8::1]:8080/', '[2001:db8::1]:8080'],
    ['a name of other letters', 'https://bücher.example/', 'xn--bcher-kva.example'],
  ])('keeps %s under its own name', async (_, url, sort) => {
    const { here, stores } = setUp();
    await here.reserve(new URL(url).host, 250);
    expect(await stores[0].get('hosts', sort)).toBeDefined();
  });

  it.each([
    ['longer than any key may be', 'a'.repeat(5000)],
    ['empty', ''],
    ['of letters that are none', '\ud800\u0000'],
  ])('keeps a host that is %s under a key that both stores take', async (_, host) => {
    const { clock, here, there, stores } = setUp();
    await here.reserve(host, 250);
    expect(await there.reserve(host, 250)).toBe(clock.now() + 250);
    const kept = await Array.fromAsync(stores[0].query('hosts', { prefix: 'sha256:' }));
    for (const document of kept) {
      const bytes = Buffer.byteLength(keyOf(document).sk!.S);
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThanOrEqual(1024);
    }
    expect(kept.length).toBeGreaterThan(0);
  });

  it('gives each start once to two processes that reserve as fast as they can', async () => {
    const [count, minDelayMs] = [200, 3];
    const main = fileURLToPath(new URL('./reserving-main.ts', import.meta.url));
    const command = ['--no-warnings', main, file.path, 'two.example', String(count), String(minDelayMs)];
    const children = [0, 1].map(() =>
      spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 100_000 }),
    );
    const lines = children.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
    for (const each of lines) expect(await each.next()).toMatchObject({ value: 'ready' });
    for (const { stdin } of children) stdin.write('go\n');
    const printed = await Promise.all(lines.map(async (each) => String((await each.next()).value)));
    const starts = printed.flatMap((line) => JSON.parse(line) as number[]).toSorted((a, b) => a - b);
    expect(starts).toHaveLength(2 * count);
    for (const [i, start] of starts.slice(1).entries())
      expect(start - starts[i]!).toBeGreaterThanOrEqual(minDelayMs);
  });
});
