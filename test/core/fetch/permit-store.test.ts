import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf } from '../../../adapters/aws/dynamo-write.ts';
import { createPermitStore, pacesSchema, placeOf } from '../../../core/fetch/permit-store.ts';
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

/** What the store has of the hosts that share a document with this one. */
async function pacesOf(host: string) {
  const { partition, sort } = placeOf(host);
  return pacesSchema.parse((await file.open().get(partition, sort))?.value);
}

/** Two hosts that are kept in one document. */
function ofOneDocument(): [string, string] {
  const seen = new Map<string, string>();
  for (let i = 0; ; i++) {
    const host = `shared-${i}.example`;
    const { partition } = placeOf(host);
    const other = seen.get(partition);
    if (other !== undefined) return [other, host];
    seen.set(partition, host);
  }
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
    const value = { [`//${host}`]: { lastStartAt: 0, pausedUntil: 0, [field]: zero + ahead } };
    await stores[0].write([{ kind: 'put', ...placeOf(host), value }]);
    expect(await here.pausedUntil(host)).toBe(0);
    expect(await here.reserve(host, 250)).toBe(zero);
    expect(await there.reserve(host, 250)).toBe(zero + 250);
    expect(await pacesOf(host)).toEqual({ [`//${host}`]: { lastStartAt: zero + 250, pausedUntil: 0 } });
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
    const value = { [`//${host}`]: { lastStartAt: 'soon' } };
    await stores[0].write([{ kind: 'put', ...placeOf(host), value }]);
    await expect(here.reserve(host, 250)).rejects.toThrow(/lastStartAt/);
  });

  it.each([
    ['an address with a port', '[2001:db8::1]:8080'],
    ['a name of other letters', 'xn--bcher-kva.example'],
    ['a name that objects have', '__proto__'],
    ['longer than any key may be', 'a'.repeat(5000)],
    ['empty', ''],
    ['of letters that are none', '\ud800\u0000'],
  ])('keeps the pace of a host that is %s, under a key that both stores take', async (_, host) => {
    const { clock, here, there, stores } = setUp();
    await here.reserve(host, 250);
    expect(await there.reserve(host, 250)).toBe(clock.now() + 250);
    const document = await stores[0].get(placeOf(host).partition, placeOf(host).sort);
    const { pk, sk } = keyOf(document!);
    for (const key of [pk!.S, sk!.S]) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024);
  });

  it('moves a start that passed unused where nobody was given one behind it', async () => {
    const { clock, host, here, there } = setUp();
    const zero = clock.now();
    const passed = await here.reserve(host, 250);
    await clock.advance(100);
    expect(await here.reserve(host, 250, 0, passed)).toBe(zero + 100);
    expect(await there.reserve(host, 250)).toBe(zero + 350);
  });

  it('gives a new start for one that passed unused where somebody was given the next', async () => {
    const { clock, host, here, there } = setUp();
    const zero = clock.now();
    const passed = await here.reserve(host, 250);
    await there.reserve(host, 250);
    await clock.advance(100);
    expect(await here.reserve(host, 250, 0, passed)).toBe(zero + 500);
  });

  it('keeps hosts of one document apart, and forgets those that hold nobody any more', async () => {
    const { clock, here, there } = setUp();
    const [one, other] = ofOneDocument();
    await here.reserve(one, 250);
    await there.pause(other, clock.now() + 3000);
    expect(await here.reserve(other, 250)).toBe(clock.now() + 3000);
    expect(await there.reserve(one, 250)).toBe(clock.now() + 250);
    expect(Object.keys(await pacesOf(one))).toEqual([`//${other}`, `//${one}`]);
    await clock.advance(61 * MINUTE);
    await here.reserve(one, 250);
    expect(Object.keys(await pacesOf(one))).toEqual([`//${one}`]);
  });

  it('keeps a bounded number of documents, however many hosts there are', () => {
    const places = [...Array(100_000).keys()].map((i) => placeOf(`${i}.example`).partition);
    expect(new Set(places).size).toBeLessThanOrEqual(4096);
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
