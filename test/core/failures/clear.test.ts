import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { claimRetry } from '../../../core/failures/claim.ts';
import { clearFailures, planClear } from '../../../core/failures/clear.ts';
import { type Failure, moved } from '../../../core/failures/failure.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { OutcomeCode } from '../../../core/outcome/outcome.ts';

const DAY = { value: 'gb', date: civilDate('2026-11-20') };
const NOW = 10_000;
const keyOf = (item: string) => ({ source: 'racing', partition: DAY, item });

let root: string;
let store: FailureStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-clear-'));
  store = new FailureStore(openSqliteStateStore(join(root, 'state.sqlite')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const fail = (item: string, runId = 'run-1', code: OutcomeCode = 'TIMEOUT', at = 100) =>
  store.open(
    'racing',
    DAY,
    {
      item,
      target: 'gb',
      url: `https://example.org/${item}`,
      tries: [
        { at: at - 1, runId, code, message: null },
        { at, runId, code, message: null },
      ],
      capture: null,
    },
    runId,
  );
const queue = (item: string) =>
  store.change(keyOf(item), (before) =>
    moved({ ...before!, retry: { sentAt: 100, dueAt: 200, tries: 0, deadAt: null } }, 'queued', {
      at: 100,
      by: 'run-1',
    }),
  );
const recover = (item: string, runId: string) =>
  store.recover('racing', DAY, (one) => (one === item ? 300 : undefined), { runId, at: 300 });
const all = () => Array.fromAsync(store.list('racing'));
const states = async () => Object.fromEntries((await all()).map(({ item, state }) => [item, state]));
const itemsOf = (failures: readonly Failure[]) => failures.map(({ item }) => item);
const clear = async (failures: readonly Failure[], now = NOW, by = 'anna') =>
  clearFailures(store, planClear(failures, now), { now: () => now, by });

describe('clearing failures', () => {
  it('dismisses what is unresolved under the name of the person, and forgets what is closed', async () => {
    for (const item of ['open', 'queued', 'recovered']) await fail(item);
    await queue('queued');
    await recover('recovered', 'run-2');
    const cleared = await clear(await all());
    expect(itemsOf(cleared.dismissed)).toEqual(['open', 'queued']);
    expect(itemsOf(cleared.forgotten)).toEqual(['recovered']);
    expect(await all()).toMatchObject([
      { item: 'open', state: 'dismissed', closedAt: NOW, closedBy: 'anna', attempts: 0, runs: 0, counts: {} },
      {
        item: 'queued',
        transitions: [
          { state: 'open', by: 'run-1' },
          { state: 'queued', by: 'run-1' },
          { state: 'dismissed', at: NOW, by: 'anna', why: 'after 2 tries in 1 run' },
        ],
      },
    ]);
  });

  it('says what was there before: a plan alone changes nothing', async () => {
    await fail('1');
    const before = await all();
    expect(planClear(before, NOW)).toEqual({ dismissed: before, forgotten: [], busy: [] });
    expect(await all()).toEqual(before);
    expect((await clear(before)).dismissed).toEqual(before);
  });

  it('leaves out what is being tried, and takes what a dead worker has claimed', async () => {
    for (const item of ['1', '2']) await fail(item);
    for (const item of ['1', '2']) await queue(item);
    const claim = await claimRetry(store, keyOf('1'), 'person', { now: NOW, newRunId: 'run-9' });
    expect(claim.kind).toBe('claimed');
    const cleared = await clear(await all(), NOW + 1);
    expect([itemsOf(cleared.busy), itemsOf(cleared.dismissed)]).toEqual([['1'], ['2']]);
    expect(await states()).toEqual({ 1: 'queued', 2: 'dismissed' });
    const later = await clear(await all(), NOW + 3_600_000);
    expect([itemsOf(later.busy), itemsOf(later.dismissed)]).toEqual([[], ['1']]);
  });

  it('leaves alone what has changed since it was looked at: claimed, recovered, or failed again', async () => {
    for (const item of ['claimed', 'recovered', 'again', 'same']) await fail(item);
    const seen = await all();
    await claimRetry(store, keyOf('claimed'), 'person', { now: NOW - 1, newRunId: 'run-9' });
    await recover('recovered', 'run-2');
    await fail('again', 'run-2', 'NOT_FOUND', 200);
    const cleared = await clear(seen);
    expect(itemsOf(cleared.dismissed)).toEqual(['same']);
    expect(itemsOf(cleared.changed).sort()).toEqual(['again', 'claimed', 'recovered']);
    expect(await states()).toEqual({
      again: 'open',
      claimed: 'open',
      recovered: 'recovered',
      same: 'dismissed',
    });
  });

  it('does not forget a closed failure that was opened again meanwhile', async () => {
    await fail('1');
    await recover('1', 'run-2');
    const seen = await all();
    await fail('1', 'run-3', 'TIMEOUT', 400);
    const cleared = await clear(seen);
    expect([itemsOf(cleared.forgotten), itemsOf(cleared.changed)]).toEqual([[], ['1']]);
    expect(await states()).toEqual({ 1: 'open' });
  });

  it('ends the matter for a message that is still under way, dismissed or forgotten', async () => {
    await fail('1');
    await queue('1');
    await clear(await all());
    const come = () => claimRetry(store, keyOf('1'), 'message', { now: NOW + 1, newRunId: 'run-9' });
    expect(await come()).toEqual({ kind: 'closed', why: 'it is dismissed' });
    await clear(await all());
    expect(await all()).toEqual([]);
    expect(await come()).toEqual({ kind: 'closed', why: 'no failure is on record' });
  });

  it('lets an item that fails again begin anew, its counts at zero, with its past on record', async () => {
    await fail('1');
    await queue('1');
    await clear(await all());
    await fail('1', 'run-2', 'SERVER_ERROR', NOW + 100);
    const [failure] = await all();
    expect(failure).toMatchObject({
      ...{ state: 'open', code: 'SERVER_ERROR', runs: 1, attempts: 2, counts: { SERVER_ERROR: 2 } },
      ...{ firstRunId: 'run-2', closedAt: null, closedBy: null },
    });
    expect(failure!.retry).toBeUndefined();
    expect(failure!.outcomes).toHaveLength(2);
    expect(failure!.transitions.map(({ state }) => state)).toEqual(['open', 'queued', 'dismissed', 'open']);
  });

  it('dismisses each once, where two people clear the same', async () => {
    for (let n = 0; n < 40; n++) await fail(String(n));
    const seen = await all();
    const two = await Promise.all([clear(seen, NOW, 'anna'), clear(seen, NOW, 'ben')]);
    const dismissed = two.flatMap((cleared) => itemsOf(cleared.dismissed));
    expect(dismissed.sort()).toEqual(itemsOf(seen).sort());
    expect(new Set(Object.values(await states()))).toEqual(new Set(['dismissed']));
  });
});
