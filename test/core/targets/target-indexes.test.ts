import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import type { Json } from '../../../core/ports/state-store.ts';
import { flagged, unflagged } from '../../../core/targets/flags.ts';
import { dueTargets, indexTargets, isAhead } from '../../../core/targets/indexes.ts';
import { registrationProblem } from '../../../core/targets/register.ts';
import type { TargetRecord } from '../../../core/targets/target.ts';
import { targetEvents } from '../../../core/targets/target-events.ts';
import type { ImportResult } from '../../../core/targets/target-import.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { paused, resumed } from '../../../core/targets/transitions.ts';
import { kitchens } from '../../sources-of-tests/kitchens.ts';
import { BY } from './by.ts';
import { registerTargets } from './register-targets.ts';

let root: string;
let state: ReturnType<typeof openSqliteStateStore>;
let store: TargetStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-indexes-'));
  state = openSqliteStateStore(join(root, 'state.sqlite'));
  store = new TargetStore(state);
});
afterEach(() => {
  state.close();
  rmSync(root, { recursive: true, force: true });
});

const NOW = 1_000_000_000;
const at = (id: string, path = id) => ({ id, attributes: { state: 'AZ', path } });
const register = (...ids: string[]) =>
  registerTargets(
    state,
    kitchens,
    ids.map((id) => at(id)),
    BY,
  );
const change = (id: string, to: (record: TargetRecord) => TargetRecord) =>
  store.update('kitchens', id, to, BY);
const due = async (now = NOW) =>
  (await Array.fromAsync(dueTargets(state, 'kitchens', now))).map(({ target }) => target).sort();
const skipped = async () => (await Array.fromAsync(store.skipped('kitchens'))).map(({ target }) => target);
const kinds = async (id: string) =>
  (await Array.fromAsync(targetEvents(state, 'kitchens', id))).map(({ kind }) => kind).reverse();

describe('the index of what is due', () => {
  it('finds a target from the millisecond on that it is due, and those of no other source', async () => {
    await register('a', 'b', 'c');
    await change('b', (record) => ({ ...record, nextCrawlAt: NOW }));
    await change('c', (record) => ({ ...record, nextCrawlAt: NOW + 1 }));
    await store.update('kitchens-two', 'd', (record) => ({ ...record, attributes: {} }), BY);
    expect(await due(NOW - 1)).toEqual(['a']);
    expect(await due()).toEqual(['a', 'b']);
    expect(await due(NOW + 1)).toEqual(['a', 'b', 'c']);
  });

  it('has each target once, and none that is paused, failed or flagged until a person lifts it', async () => {
    await register('a', 'b', 'c', 'd');
    for (const time of [5, 6, 7]) await change('a', (record) => ({ ...record, nextCrawlAt: time }));
    await change('b', paused);
    await change('c', (record) => ({ ...record, status: 'failed' }));
    await change('d', (record) => flagged(record, { reason: 'wall', ...BY }));
    expect(await due()).toEqual(['a']);
    expect(await skipped()).toEqual(['d']);
    await change('b', (record) => resumed(record, NOW));
    await change('d', (record) => unflagged(record, NOW));
    expect(await due()).toEqual(['a', 'b', 'd']);
    expect(await skipped()).toEqual([]);
  });

  it('has a target whose flag expires when it has expired', async () => {
    await register('a');
    await change('a', (record) => flagged(record, { reason: 'wall', actor: 'x', at: NOW, minutes: 1 }));
    expect(await due(NOW + 59_999)).toEqual([]);
    expect(await due(NOW + 60_000)).toEqual(['a']);
  });

  it('tells that a clock ran ahead when it was written', async () => {
    await register('a', 'b');
    await change('a', (record) => ({ ...record, lastCrawlAt: NOW, nextCrawlAt: NOW * 3 }));
    expect(await isAhead(state, 'kitchens', NOW)).toBe(false);
    expect(await isAhead(state, 'kitchens', NOW - 1)).toBe(true);
  });

  it('is made of the records that an older version has left, once', async () => {
    const old = (target: string, skip: Json = null): Json => ({
      ...{ source: 'kitchens', target, skip, consecutiveBlocks: 0, consecutiveNotFound: 0 },
      ...{ totalAttempts: 1, totalSuccesses: 0, lastAttemptAt: 1, lastSuccessAt: null, lastFailureAt: 1 },
      ...{ lastErrorCode: 'TIMEOUT', attributes: { state: 'AZ', path: 'x' } },
    });
    const flag = { reason: 'wall', actor: 'anna', since: 3 };
    const put = { kind: 'put' as const, partition: 'targets' };
    await state.write([
      { ...put, sort: 'kitchens#a', value: old('a') },
      { ...put, sort: 'kitchens#b', value: old('b', flag) },
    ]);
    expect(await store.get('kitchens', 'b')).toMatchObject({
      status: 'active',
      backoffMultiplier: 1,
      skip: flag,
    });
    await indexTargets(state, 'kitchens');
    await indexTargets(state, 'kitchens');
    expect(await due()).toEqual(['a']);
    expect(await skipped()).toEqual(['b']);
    expect((await state.get('targets', 'kitchens#a'))?.revision).toBe(2);
  });
});

it('says why a target cannot be registered, and writes nothing of it', async () => {
  expect(registrationProblem(kitchens, at('a'))).toBeUndefined();
  expect(registrationProblem(kitchens, { id: 'a', attributes: { path: 'a' } })).toContain(
    'target a: state: ',
  );
  const wrong = { id: '../a', attributes: { state: 'AZ', path: 'a' } };
  await expect(registerTargets(state, kitchens, [at('b'), wrong], BY)).rejects.toThrow('not an identifier');
  const written = await Array.fromAsync(store.list('kitchens'), ({ target }) => target);
  expect(written).toEqual(['b']);
});

it('changes many records in few transactions, also one of them twice, and loses nothing to others meanwhile', async () => {
  const change = (record: TargetRecord) => ({ ...record, totalAttempts: record.totalAttempts + 1 });
  const targets = [...Array.from({ length: 250 }, (_, nth) => `t${nth}`), 't0'];
  const changes = targets.map((target) => ({ target, change }));
  await Promise.all([1, 2, 3].map(() => store.updateMany('kitchens', changes, BY)));
  const records = await Array.fromAsync(store.list('kitchens'));
  expect(records).toHaveLength(250);
  expect(records.map(({ totalAttempts }) => totalAttempts).filter((count) => count !== 3)).toEqual([6]);
});

describe('the events of a target', () => {
  it('tell each transition with who, when, why, from what and to what, in the order of what happened', async () => {
    await register('a');
    const by = { actor: 'anna', at: 9, reason: 'closed for the winter' };
    await store.update('kitchens', 'a', paused, by);
    await change('a', (record) => resumed(record, 3));
    await change('a', (record) => flagged(record, { reason: 'wall', actor: 'rescrape', at: 2, minutes: 1 }));
    await store.claim('kitchens', 'a', { runId: 'r', id: 'x', every: 240 }, { now: () => 70_000 });
    await change('a', (record) => unflagged(record, 1));
    await change('a', (record) => ({ ...record, status: 'degraded', consecutiveFailures: 3 }));
    await change('a', (record) => ({ ...record, maxRetries: 5 }));
    expect(await kinds('a')).toEqual([
      ...['import', 'pause', 'resume', 'flag', 'probe', 'unflag', 'status', 'set'],
    ]);
    const events = (await Array.fromAsync(targetEvents(state, 'kitchens', 'a'))).reverse();
    expect(events[1]).toEqual({
      ...{ source: 'kitchens', target: 'a', at: 9, kind: 'pause', from: 'active', to: 'paused' },
      ...{ reason: 'closed for the winter', actor: 'anna' },
    });
    expect(events[3]).toMatchObject({ at: 2, actor: 'rescrape', reason: 'wall', from: null, to: 'wall' });
    expect(events[6]).toMatchObject({ to: 'degraded', reason: '3 failed crawls in a row' });
    expect(events[7]).toMatchObject({ from: '{"maxRetries":null}', to: '{"maxRetries":5}' });
  });

  it('are none where nothing changed, and the record is not written', async () => {
    const done: ImportResult[] = [];
    for (const one of [at('a'), at('a'), at('a', 'b'), { ...at('a', 'b'), name: 'Ash' }])
      done.push(await registerTargets(state, kitchens, [one, at('b')], BY));
    expect(done.map(({ created, updated, unchanged }) => [created, updated, unchanged])).toEqual([
      [2, 0, 0],
      [0, 0, 2],
      [0, 1, 1],
      [0, 1, 1],
    ]);
    expect(await kinds('a')).toEqual(['import', 'import', 'import']);
    expect((await state.get('targets', 'kitchens#a'))?.revision).toBe(3);
  });
});
