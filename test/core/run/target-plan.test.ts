import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { makePlan, type Plan } from '../../../core/run/make-plan.ts';
import { plan } from '../../../core/run/plan.ts';
import { RunStore } from '../../../core/state/run-store.ts';
import { flagged } from '../../../core/targets/flags.ts';
import type { TargetRecord } from '../../../core/targets/target.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { paused } from '../../../core/targets/transitions.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { ImpatientClock } from '../../e2e/support/impatient-clock.ts';
import { todayOf } from '../../e2e/support/test-time.ts';
import { toldOfCalls } from '../../e2e/support/watched-stores.ts';
import { kitchens } from '../../sources-of-tests/kitchens.ts';
import { BY } from '../targets/by.ts';
import { registerTargets } from '../targets/register-targets.ts';

const DAY = todayOf(kitchens);
const MINUTE = 60_000;
let root: string;
let clock: ImpatientClock;
let platform: LocalPlatform;
/** Requests to the state. */
let asked: string[];
/** Requests to the lake. */
let lake: string[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-plan-'));
  clock = new ImpatientClock();
  const opened = openLocalPlatform({ directory: root, env: {}, clock, sources: [kitchens] });
  asked = [];
  lake = [];
  // The site is not there: a plan that has work would fail to reach it.
  const fetcherFor: LocalPlatform['fetcherFor'] = (source) => ({
    ...opened.fetcherFor(source),
    reach: async () => ({ kind: 'reached' }),
  });
  const state = toldOfCalls(opened.state, (method, first) =>
    asked.push(method === 'write' ? method : `${method} ${first}`),
  );
  platform = { ...opened, fetcherFor, state, lake: toldOfCalls(opened.lake, (method) => lake.push(method)) };
});
afterEach(async () => {
  await platform.close();
  rmSync(root, { recursive: true, force: true });
});

const at = (id: string, state = 'AZ', path = id) => ({ id, attributes: { state, path } });
const register = (...targets: ReturnType<typeof at>[]) =>
  registerTargets(platform.state, kitchens, targets, BY);
const change = (id: string, to: (record: TargetRecord) => TargetRecord) =>
  new TargetStore(platform.state).update('kitchens', id, to, BY);
const input = { source: 'kitchens', start: DAY, end: DAY, force: false };
const planned = (more: object = {}) => makePlan(platform, { ...input, ...more });
const ids = ({ work }: Plan) => work.flatMap(({ value, targets }) => targets ?? [value]);
const start = async (more: object = {}) => plan(platform, { ...input, runId: platform.newId(), ...more });

describe('the date of a run of targets that are crawled one by one', () => {
  const refused = { name: 'BadInput', message: expect.stringContaining("its runs have today's date") };

  it('is the one on which it is planned, and no other', async () => {
    await register(at('oak'));
    const past = addDays(DAY, -1);
    for (const dates of [
      { start: past, end: past },
      { start: past, end: DAY },
    ]) {
      await expect(planned(dates)).rejects.toMatchObject(refused);
      await expect(start(dates)).rejects.toMatchObject(refused);
      await expect(start({ ...dates, all: true })).rejects.toMatchObject(refused);
    }
    expect(await new RunStore(platform.state).last('kitchens')).toBeUndefined();
  });

  it('stays what it was where the run is taken up again after midnight, with a work list or without', async () => {
    await register(at('oak'));
    const [listed, unlisted] = [platform.newId(), platform.newId()];
    const answer = await start({ runId: listed });
    await new RunStore(platform.state).begin({ ...input, runId: unlisted }, clock.now());
    await clock.sleep(24 * 60 * MINUTE);
    expect(await start({ runId: listed })).toEqual(answer);
    expect(await start({ runId: unlisted })).toMatchObject({ start: DAY, workList: { lines: 1 } });
    await expect(start()).rejects.toMatchObject(refused);
  });
});

describe('a plan of targets that are crawled one by one', () => {
  beforeEach(async () => {
    await register(
      at('due'),
      at('later'),
      at('busy'),
      at('recent'),
      at('off'),
      at('dead'),
      at('wall'),
      at('new', 'NM', ''),
    );
    const now = clock.now();
    await change('later', (record) => ({ ...record, nextCrawlAt: now + MINUTE }));
    const request = { runId: 'another', id: 'x', every: 240 };
    await new TargetStore(platform.state).claim('kitchens', 'busy', request, clock);
    await change('recent', (record) => ({ ...record, releasedAt: now }));
    await change('off', paused);
    await change('dead', (record) => ({ ...record, status: 'failed' }));
    await change('wall', (record) =>
      flagged(record, { reason: 'closed', actor: 'anna', at: now, minutes: 60 }),
    );
  });

  it('has what is due, and tells of each other target why it is left as it is, and until when', async () => {
    const made = await planned();
    expect(made.work).toEqual([{ value: 'AZ', date: DAY, targets: ['due'] }]);
    const inMinutes = (minutes: number) =>
      new Date(clock.now() + minutes * MINUTE).toISOString().slice(0, 16);
    expect(
      made.leftOut.map(({ target, reason, until }) => [target, reason, until?.slice(0, 16) ?? null]),
    ).toEqual([
      ['busy', 'SCHEDULED', inMinutes(240)],
      ['dead', 'FAILED', null],
      ['later', 'SCHEDULED', inMinutes(1)],
      ['new', 'NEEDS_URL', null],
      ['off', 'PAUSED', null],
      ['recent', 'TOO_RECENT', inMinutes(2)],
      ['wall', 'SKIPPED', inMinutes(60)],
    ]);
    expect(made.skipped).toMatchObject([{ target: 'wall', reason: 'closed' }]);
  });

  it('has with all, or in full, those as well that are not due; the gap holds all the same', async () => {
    for (const more of [{ all: true }, { force: true }]) {
      const made = await planned(more);
      expect(ids(made)).toEqual(['due', 'later']);
      const busy = made.leftOut.find(({ target }) => target === 'busy');
      expect(busy).toMatchObject({ reason: 'CLAIMED', until: expect.any(String) });
    }
  });

  it('reads the records in one pass, and none by itself', async () => {
    asked = [];
    await planned();
    expect(asked).toEqual(['query targets']);
  });

  it('takes the targets that have the attributes which are asked for', async () => {
    expect(ids(await planned({ where: { state: ['AZ', 'NM'] } }))).toEqual(['due']);
    const inMexico = await planned({ where: { state: ['NM'] } });
    expect([ids(inMexico), inMexico.leftOut.map(({ target }) => target)]).toEqual([[], ['new']]);
    await expect(planned({ where: { tier: ['1'] } })).rejects.toThrow(
      'targets of kitchens have no attribute tier; they have: path, state',
    );
    await expect(planned({ where: { state: ['ZZ'] } })).rejects.toThrow('has state "ZZ"; there is: AZ, NM');
    await expect(planned({ targets: ['nobody'] })).rejects.toThrow(
      'has no target "nobody"; it has: busy, dead',
    );
  });

  it('is the same by the index, which a run goes by', async () => {
    const { workList } = await start();
    const list = new TextDecoder().decode((await platform.lake.get(workList.key))!.body);
    expect(JSON.parse(list)).toMatchObject({ value: 'AZ', targets: ['due'] });
  });

  it('goes behind a flag that has expired', async () => {
    await clock.sleep(61 * MINUTE);
    expect(ids(await planned({ targets: ['wall'] }))).toEqual(['wall']);
  });
});

describe('a run of targets none of which is due', () => {
  it('ends at once: a few requests, however many targets there are, and nothing on record', async () => {
    await register(...Array.from({ length: 300 }, (_, nth) => at(`t${nth}`)));
    for (let nth = 0; nth < 300; nth++)
      await change(`t${nth}`, (record) => ({ ...record, nextCrawlAt: clock.now() + 60 * MINUTE }));
    asked = [];
    lake = [];
    const answer = await start();
    expect(answer).toMatchObject({ workList: { lines: 0 }, nothingDue: true });
    // The newest run (no run yet, so that it is looked for twice), the marker of the indexes, and two looks
    // at each shard of what is due: none of them grows with the targets.
    expect(asked.length).toBeLessThanOrEqual(14);
    expect(asked).not.toContain('write');
    expect(asked).not.toContain('query targets');
    expect(lake).toEqual(['get']);
    expect(await platform.lake.get(answer.workList.key)).toBeUndefined();
    expect(await Array.fromAsync(new RunStore(platform.state).list('kitchens'))).toEqual([]);
  });

  it('finds them where a clock ran ahead when they were crawled: they wait for the gap, and not for that time', async () => {
    await register(at('a'), at('b'));
    const year = clock.now() + 365 * 24 * 60 * MINUTE;
    await change('a', (record) => ({
      ...record,
      lastCrawlAt: year,
      releasedAt: year,
      nextCrawlAt: year + MINUTE,
    }));
    await change('b', (record) => ({ ...record, nextCrawlAt: clock.now() + 60 * MINUTE }));
    expect(await start()).toMatchObject({ nothingDue: true });
    await clock.sleep(2 * MINUTE);
    const { workList } = await start();
    const list = new TextDecoder().decode((await platform.lake.get(workList.key))!.body);
    expect(JSON.parse(list)).toMatchObject({ targets: ['a'] });
  });
});

it('a line holds a bounded number of targets, those that are due longest; the others go with the next run', async () => {
  await register(...Array.from({ length: 2003 }, (_, nth) => at(`t${nth}`)));
  await change('t0', (record) => ({ ...record, nextCrawlAt: clock.now() - 1 }));
  const made = await planned();
  expect(made.work).toHaveLength(1);
  expect(ids(made)).toHaveLength(2000);
  expect(made.leftOut).toHaveLength(3);
  expect(made.leftOut.map(({ reason }) => reason)).toEqual(['NEXT_RUN', 'NEXT_RUN', 'NEXT_RUN']);
  expect(made.leftOut.at(-1)?.target).toBe('t0');
});

it('a line of the longest ids holds fewer, for Step Functions hands on 256 KiB at most', async () => {
  const long = (nth: number) => at(`t${nth}`.padEnd(128, '-'));
  await register(...Array.from({ length: 1203 }, (_, nth) => long(nth)));
  const { work, leftOut } = await planned();
  expect(work.flatMap(({ targets }) => targets).length + leftOut.length).toBe(1203);
  expect(new Set(leftOut.map(({ reason }) => reason))).toEqual(new Set(['NEXT_RUN']));
  expect(JSON.stringify(work[0]!.targets).length).toBeLessThanOrEqual(131_073);
  expect(work[0]!.targets!.length).toBe(1000);
});
