import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { type FailedItem, HISTORY } from '../../../core/failures/failure.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { OutcomeCode } from '../../../core/outcome/outcome.ts';

const DAY = { value: 'gb', date: civilDate('2026-11-20') };
const NEXT = { value: 'gb', date: civilDate('2026-11-21') };
/** Four tries at an item, or as many as there are codes, the last of them at `at`. */
const failed = (
  item: string,
  runId: string,
  at: number,
  codes: readonly OutcomeCode[] = ['TIMEOUT', 'TIMEOUT', 'TIMEOUT', 'TIMEOUT'],
  capture: string | null = null,
): FailedItem => ({
  item,
  target: 'gb',
  url: `https://example.org/${item}`,
  tries: codes.map((code, n) => ({ at: at - codes.length + 1 + n, runId, code, message: null })),
  capture,
});

let root: string;
let store: FailureStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-failures-'));
  store = new FailureStore(openSqliteStateStore(join(root, 'state.sqlite')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = (runId: string, at: number, item = '1') =>
  store.open('racing', DAY, failed(item, runId, at), runId);
const all = () => Array.fromAsync(store.list('racing'));
/** Every page was read a moment after it failed last. */
const everything = () => 200;

describe('the failure of an item', () => {
  it('is one, however many runs hit it: it counts them, and its attempts', async () => {
    await open('run-1', 100);
    const again = failed('1', 'run-2', 200, ['TIMEOUT', 'SERVER_ERROR'], 'c#1');
    await store.open('racing', DAY, again, 'run-2');
    expect(await all()).toEqual([
      {
        ...{
          source: 'racing',
          target: 'gb',
          value: 'gb',
          date: '2026-11-20',
          item: '1',
          url: 'https://example.org/1',
        },
        ...{ state: 'open', code: 'SERVER_ERROR', message: null, runs: 2, attempts: 6, capture: 'c#1' },
        ...{ firstRunId: 'run-1', lastRunId: 'run-2', openedAt: 100, lastFailedAt: 200 },
        ...{
          closedAt: null,
          closedBy: null,
          seenAt: null,
          claim: null,
          counts: { TIMEOUT: 5, SERVER_ERROR: 1 },
        },
        transitions: [{ state: 'open', at: 100, by: 'run-1', why: 'TIMEOUT' }],
        outcomes: [
          ...failed('1', 'run-1', 100).tries,
          { at: 199, runId: 'run-2', code: 'TIMEOUT', message: null },
          { at: 200, runId: 'run-2', code: 'SERVER_ERROR', message: null },
        ],
      },
    ]);
  });

  it('keeps no more of its past than a document has room for, and still counts all of it', async () => {
    for (let n = 100; n < 400; n++) await open(`run-${n}`, n);
    const [failure] = await all();
    expect(failure!.outcomes).toHaveLength(HISTORY);
    expect(failure).toMatchObject({ runs: 300, counts: { TIMEOUT: 1200 }, openedAt: 100 });
  });

  it('does not count the same run twice, nor one that comes in late', async () => {
    await open('run-2', 200);
    await open('run-2', 200);
    await open('run-1', 199);
    expect(await all()).toMatchObject([{ runs: 1, attempts: 4, lastRunId: 'run-2', lastFailedAt: 200 }]);
  });

  it('ends when a later run, or the same one, recovers it', async () => {
    await open('run-1', 100, '1');
    await open('run-2', 100, '2');
    expect((await store.recover('racing', DAY, everything, { runId: 'run-2', at: 300 })).recovered).toBe(2);
    expect(await all()).toMatchObject([
      { item: '1', state: 'recovered', closedAt: 300, closedBy: 'run-2' },
      { item: '2', state: 'recovered' },
    ]);
  });

  it('is ended by a run with an older id that saw the item later: a retry that died was taken up again', async () => {
    await open('run-2', 100);
    expect((await store.recover('racing', DAY, () => 150, { runId: 'run-1', at: 300 })).recovered).toBe(1);
    expect(await all()).toMatchObject([{ state: 'recovered', closedBy: 'run-1' }]);
  });

  it('is not ended by what was seen before it, by another partition, or by another item', async () => {
    await open('run-2', 100);
    expect((await store.recover('racing', DAY, () => 99, { runId: 'run-3', at: 300 })).recovered).toBe(0);
    expect((await store.recover('racing', NEXT, everything, { runId: 'run-3', at: 300 })).recovered).toBe(0);
    const other = (item: string) => (item === '2' ? 300 : undefined);
    const by = { runId: 'run-3', at: 300 };
    expect(await store.recover('racing', DAY, other, by)).toEqual({ recovered: 0, left: 1 });
    expect(await all()).toMatchObject([{ state: 'open' }]);
  });

  it('begins anew after it was recovered', async () => {
    await open('run-1', 100);
    await store.recover('racing', DAY, everything, { runId: 'run-2', at: 200 });
    await open('run-3', 300);
    expect(await all()).toMatchObject([
      { state: 'open', runs: 1, attempts: 4, firstRunId: 'run-3', openedAt: 300, closedAt: null },
    ]);
  });

  it('begins at nothing after a success, with who ended it and when on record', async () => {
    await open('run-1', 100);
    await store.recover('racing', DAY, everything, { runId: 'run-2', at: 200 });
    expect(await all()).toMatchObject([
      {
        ...{ state: 'recovered', runs: 0, attempts: 0, counts: {} },
        transitions: [
          { state: 'open', at: 100, by: 'run-1' },
          { state: 'recovered', at: 200, by: 'run-2', why: 'after 4 tries in 1 run' },
        ],
      },
    ]);
  });

  it('is not opened again by a run that was before the success', async () => {
    await open('run-1', 100);
    await store.recover('racing', DAY, everything, { runId: 'run-3', at: 300 });
    await open('run-2', 150);
    expect(await all()).toMatchObject([{ state: 'recovered', closedBy: 'run-3' }]);
  });

  it('is opened again by an older run that was taken up after the success', async () => {
    await open('run-1', 100);
    await store.recover('racing', DAY, everything, { runId: 'run-3', at: 300 });
    await open('run-2', 400);
    expect(await all()).toMatchObject([{ state: 'open', lastRunId: 'run-2', openedAt: 400 }]);
  });

  it('is recovered once, and not again', async () => {
    await open('run-1', 100);
    await store.recover('racing', DAY, everything, { runId: 'run-2', at: 200 });
    expect((await store.recover('racing', DAY, everything, { runId: 'run-3', at: 300 })).recovered).toBe(0);
    expect(await all()).toMatchObject([{ closedBy: 'run-2', closedAt: 200 }]);
  });

  it('is listed by source and by partition', async () => {
    await open('run-1', 100, '1');
    await store.open('racing', NEXT, failed('2', 'run-1', 100), 'run-1');
    await store.open('other', DAY, failed('3', 'run-1', 100), 'run-1');
    expect((await all()).map(({ item }) => item)).toEqual(['1', '2']);
    expect(await Array.fromAsync(store.list('racing', NEXT))).toMatchObject([{ item: '2' }]);
  });
});
