import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { civilDate } from '../../../core/window/civil-date.ts';
import { type FailedItem, FailureRegister } from '../../../core/work/failure.ts';

const DAY = { target: 'gb', date: civilDate('2026-11-20') };
const NEXT = { target: 'gb', date: civilDate('2026-11-21') };
const failed = (item = '1', more: Partial<FailedItem> = {}): FailedItem => ({
  item,
  url: `https://example.org/${item}`,
  outcome: { code: 'TIMEOUT', message: 'headers: 20000 ms' },
  attempts: 4,
  capture: null,
  ...more,
});

let root: string;
let register: FailureRegister;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-failures-'));
  register = new FailureRegister(openSqliteStateStore(join(root, 'state.sqlite')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const all = () => Array.fromAsync(register.list('racing'));
const everything = () => true;

describe('the failure of an item', () => {
  it('is one, however many runs hit it: it counts them, and its attempts', async () => {
    await register.open('racing', DAY, failed(), 'run-1', 100);
    await register.open(
      'racing',
      DAY,
      failed('1', { outcome: { code: 'SERVER_ERROR' }, attempts: 2, capture: 'c#1' }),
      'run-2',
      200,
    );
    expect(await all()).toEqual([
      {
        ...{ source: 'racing', target: 'gb', date: '2026-11-20', item: '1', url: 'https://example.org/1' },
        ...{ state: 'open', code: 'SERVER_ERROR', message: null, runs: 2, attempts: 6, capture: 'c#1' },
        ...{
          firstRunId: 'run-1',
          lastRunId: 'run-2',
          openedAt: 100,
          lastFailedAt: 200,
          closedAt: null,
          closedBy: null,
        },
      },
    ]);
  });

  it('does not count the same run twice, nor one that comes in late', async () => {
    await register.open('racing', DAY, failed(), 'run-2', 200);
    await register.open('racing', DAY, failed(), 'run-2', 201);
    await register.open('racing', DAY, failed(), 'run-1', 202);
    expect(await all()).toMatchObject([{ runs: 1, attempts: 4, lastRunId: 'run-2', lastFailedAt: 200 }]);
  });

  it('ends when a later run, or the same one, recovers it', async () => {
    await register.open('racing', DAY, failed('1'), 'run-1', 100);
    await register.open('racing', DAY, failed('2'), 'run-2', 100);
    expect(await register.recover('racing', DAY, everything, { runId: 'run-2', at: 300 })).toBe(2);
    expect(await all()).toMatchObject([
      { item: '1', state: 'recovered', closedAt: 300, closedBy: 'run-2' },
      { item: '2', state: 'recovered' },
    ]);
  });

  it('is not ended by a run that was before it, by another partition, or by another item', async () => {
    await register.open('racing', DAY, failed(), 'run-2', 100);
    expect(await register.recover('racing', DAY, everything, { runId: 'run-1', at: 300 })).toBe(0);
    expect(await register.recover('racing', NEXT, everything, { runId: 'run-3', at: 300 })).toBe(0);
    expect(await register.recover('racing', DAY, (item) => item === '2', { runId: 'run-3', at: 300 })).toBe(
      0,
    );
    expect(await all()).toMatchObject([{ state: 'open' }]);
  });

  it('begins anew after it was recovered', async () => {
    await register.open('racing', DAY, failed(), 'run-1', 100);
    await register.recover('racing', DAY, everything, { runId: 'run-2', at: 200 });
    await register.open('racing', DAY, failed(), 'run-3', 300);
    expect(await all()).toMatchObject([
      { state: 'open', runs: 1, attempts: 4, firstRunId: 'run-3', openedAt: 300, closedAt: null },
    ]);
  });

  it('is recovered once, and not again', async () => {
    await register.open('racing', DAY, failed(), 'run-1', 100);
    await register.recover('racing', DAY, everything, { runId: 'run-2', at: 200 });
    expect(await register.recover('racing', DAY, everything, { runId: 'run-3', at: 300 })).toBe(0);
    expect(await all()).toMatchObject([{ closedBy: 'run-2', closedAt: 200 }]);
  });

  it('is listed by source and by partition', async () => {
    await register.open('racing', DAY, failed('1'), 'run-1', 100);
    await register.open('racing', NEXT, failed('2'), 'run-1', 100);
    await register.open('other', DAY, failed('3'), 'run-1', 100);
    expect((await all()).map(({ item }) => item)).toEqual(['1', '2']);
    expect(await Array.fromAsync(register.list('racing', NEXT))).toMatchObject([{ item: '2' }]);
  });
});
