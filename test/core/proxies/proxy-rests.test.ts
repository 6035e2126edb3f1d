import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import {
  afterProxyFailure,
  type ProxyRecord,
  ProxyRests,
  REST_POLICY,
  restingUntil,
} from '../../../core/proxies/proxy-rests.ts';

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;

/** Minutes of the rests that so many failures give, each made when the rest before is over. */
function restsOf(failures: number): number[] {
  let record: ProxyRecord | undefined;
  let now = NOW;
  const rests: number[] = [];
  for (let i = 0; i < failures; i++) {
    record = afterProxyFailure(record, 'a:1', { reason: 'proxy/connect' }, now) ?? record;
    const until = restingUntil(record!, now);
    if (until > 0) rests.push((until - now) / MINUTE);
    now = Math.max(now + 1, until);
  }
  return rests;
}

describe('a proxy', () => {
  it('rests after three failures in a row, and after each one more for twice as long, up to an hour', () => {
    expect(restsOf(2)).toEqual([]);
    expect(restsOf(3)).toEqual([5]);
    expect(restsOf(9)).toEqual([5, 10, 20, 40, 60, 60, 60]);
  });

  it('rests no longer for what was on its way when the rest began', () => {
    let record: ProxyRecord | undefined;
    for (let i = 0; i < 3; i++) record = afterProxyFailure(record, 'a:1', { reason: 'proxy/connect' }, NOW)!;
    expect(afterProxyFailure(record, 'a:1', { reason: 'proxy/connect' }, NOW + 1)).toBeUndefined();
  });

  it('does not rest for one target that meets a wall everywhere, but for three of them', () => {
    const wall = (record: ProxyRecord | undefined, target: string) =>
      afterProxyFailure(record, 'a:1', { reason: 'BLOCKED', target }, NOW);
    const once = wall(undefined, 'x');
    expect(wall(once, 'x')).toBeUndefined();
    const twice = wall(once, 'y');
    expect(restingUntil(twice!, NOW)).toBe(0);
    expect(restingUntil(wall(twice, 'z')!, NOW)).toBe(NOW + 5 * MINUTE);
  });
});

describe('two processes', () => {
  let directory: string;
  let now = NOW;
  const clock = { now: () => now, sleep: async () => {} };
  beforeEach(() => {
    now = NOW;
    directory = mkdtempSync(join(tmpdir(), 'rescrape-rests-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('see each other’s rests, and the end of them', async () => {
    const stores = [1, 2].map(() => openSqliteStateStore(join(directory, 'state.sqlite')));
    const [one, other] = stores.map((state) => new ProxyRests(state, clock, 'racing')) as [
      ProxyRests,
      ProxyRests,
    ];
    expect((await other.resting()).size).toBe(0);
    for (let i = 0; i < 3; i++) await one.failed('a:1', { reason: 'proxy/connect' });
    now += REST_POLICY.lookEveryMs;
    expect([...(await other.resting())]).toEqual([['a:1', NOW + 5 * MINUTE]]);
    now = NOW + 5 * MINUTE;
    expect((await other.resting()).size).toBe(0);
    await other.worked('a:1');
    now += REST_POLICY.lookEveryMs;
    for (let i = 0; i < 2; i++) await one.failed('a:1', { reason: 'proxy/connect' });
    expect((await one.resting()).size).toBe(0);
    for (const state of stores) state.close();
  });

  it('believe no rest that only a clock which ran ahead can have written', async () => {
    const state = openSqliteStateStore(join(directory, 'state.sqlite'));
    now = NOW + 400 * MINUTE;
    const ahead = new ProxyRests(state, clock, 'racing');
    for (let i = 0; i < 3; i++) await ahead.failed('a:1', { reason: 'proxy/auth' });
    now = NOW;
    expect((await new ProxyRests(state, clock, 'racing').resting()).size).toBe(0);
    state.close();
  });
});
