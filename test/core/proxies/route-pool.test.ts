import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import type { Outcome } from '../../../core/outcome/outcome.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import { RoutePool, type RouteRequest } from '../../../core/proxies/route-pool.ts';
import { RUDE } from '../fetch/polite-site.ts';
import { proxiesIn } from './listed.ts';

const NONE: ReadonlySet<string> = new Set();
const NEW: RouteRequest = { proxy: null, userAgent: null, walled: NONE, failed: NONE };
const DEAD: Outcome = { code: 'NETWORK_ERROR', rule: 'proxy/connect' };

let directory: string;
let state: StateStore & { close(): void };
let now = 1_800_000_000_000;
const clock = { now: () => now, sleep: async () => {} };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-pool-'));
  state = openSqliteStateStore(join(directory, 'state.sqlite'));
});
afterEach(() => {
  state.close();
  rmSync(directory, { recursive: true, force: true });
});

function pool(text: string, userAgents?: readonly string[]): RoutePool {
  const proxies = proxiesIn(text);
  const politeness = { ...RUDE, ...(userAgents && { userAgents }) };
  return new RoutePool({ source: 's', politeness, proxies: async () => proxies, state, clock });
}

async function proxyOf(of: RoutePool, request: Partial<RouteRequest> = {}): Promise<string | undefined> {
  return (await of.choose({ ...NEW, ...request })).proxy?.id;
}

const ABC = 'http://a:1 http://b:1 http://c:1';

it('targets are dealt out in order, and each keeps its own', async () => {
  const abc = pool(ABC);
  expect([await proxyOf(abc), await proxyOf(abc), await proxyOf(abc), await proxyOf(abc)]).toEqual([
    'a:1',
    'b:1',
    'c:1',
    'a:1',
  ]);
  expect(await proxyOf(abc, { proxy: 'c:1' })).toBe('c:1');
  expect(await proxyOf(abc, { proxy: 'gone:1' })).toBe('b:1');
});

it('a proxy behind a wall is left before one that failed, and that before one that rests', async () => {
  const abc = pool(ABC);
  expect(await proxyOf(abc, { proxy: 'a:1', walled: new Set(['a:1']) })).toBe('b:1');
  expect(await proxyOf(abc, { proxy: 'a:1', walled: new Set(['a:1']), failed: new Set(['b:1']) })).toBe(
    'c:1',
  );
  const all = { walled: new Set(['a:1']), failed: new Set(['b:1', 'c:1']) };
  expect(await proxyOf(abc, { proxy: 'a:1', ...all })).toBe('b:1');
});

it('where all rest, the one is used whose rest ends first', async () => {
  const abc = pool(ABC);
  for (const proxy of ['b:1', 'c:1', 'a:1']) {
    for (let i = 0; i < 3; i++) await abc.note({ proxy, userAgent: 'x' }, DEAD, 't');
    if (proxy === 'b:1') expect(await proxyOf(abc, { proxy })).toBe('c:1');
    now += 1000;
  }
  expect(await proxyOf(abc, { proxy: 'a:1' })).toBe('b:1');
});

it('an answer of any kind ends a row of failures; what never came from the site does not', async () => {
  const abc = pool(ABC);
  const note = (outcome: Outcome) => abc.note({ proxy: 'a:1', userAgent: 'x' }, outcome, 't');
  for (const between of [{ code: 'NOT_FOUND' }, { code: 'TIMEOUT' }] as const) {
    for (const outcome of [DEAD, DEAD, between, DEAD]) await note(outcome);
    expect(await proxyOf(abc, { proxy: 'a:1' })).toBe(between.code === 'NOT_FOUND' ? 'a:1' : 'b:1');
  }
});

it('User-Agents are dealt out where there are several, and only then', async () => {
  const names = pool('', ['x/1', 'y/1']);
  const given = async (userAgent: string | null) => (await names.choose({ ...NEW, userAgent })).userAgent;
  expect([await given(null), await given(null), await given('y/1')]).toEqual(['x/1', 'y/1', 'y/1']);
  expect([names.userAgentAfter('x/1'), names.userAgentAfter('y/1')]).toEqual(['y/1', 'x/1']);
  expect((await pool(ABC).choose(NEW)).userAgent).toBe('x');
});

it('a list that could not be read is asked for again, and nothing goes straight meanwhile', async () => {
  let reads = 0;
  const listed = async () => {
    if (reads++ === 0) throw new Error('not now');
    return [];
  };
  const late = new RoutePool({ source: 's', politeness: RUDE, proxies: listed, state, clock });
  await expect(late.choose(NEW)).rejects.toThrow('not now');
  expect((await late.choose(NEW)).proxy).toBeUndefined();
  await late.choose(NEW);
  expect(reads).toBe(2);
});
