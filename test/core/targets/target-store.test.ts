import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import type { OutcomeCode } from '../../../core/outcome/outcome.ts';
import type { StateWrite } from '../../../core/ports/state-store.ts';
import { afterAttempt } from '../../../core/targets/attempted.ts';
import { newTarget, type TargetRecord } from '../../../core/targets/target.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { notes } from '../../e2e/support/notes-source.ts';
import { BY } from './by.ts';

const recordAfter = (codes: readonly OutcomeCode[], policy = notes): TargetRecord =>
  codes.reduce(
    (record, code, at) => afterAttempt(record, { code }, at + 1, policy, 'a'),
    newTarget('notes', 'a'),
  );
const DAY_MS = 86_400_000;
/** Items that were not there, one after the other, on these days. */
const notFoundOnDays = (...days: readonly number[]): TargetRecord =>
  days.reduce(
    (record, day, at) => afterAttempt(record, { code: 'NOT_FOUND' }, day * DAY_MS + at, notes, `item-${at}`),
    newTarget('notes', 'a'),
  );
const withOutcomes = (outcomes: Partial<typeof notes.outcomes>) => ({
  ...notes,
  outcomes: { ...notes.outcomes, ...outcomes },
});

describe('the record of a target', () => {
  it('counts attempts and successes, and keeps when and how the last of each ended', () => {
    expect(recordAfter(['SUCCESS', 'TIMEOUT', 'NOT_MODIFIED', 'SERVER_ERROR'])).toMatchObject({
      totalAttempts: 4,
      totalSuccesses: 2,
      lastAttemptAt: 4,
      lastSuccessAt: 3,
      lastFailureAt: 4,
      lastErrorCode: 'SERVER_ERROR',
      skip: null,
    });
  });

  it('goes on counting 404s over an index that is there: it is there every day', () => {
    const missing = notFoundOnDays(0, 1, 2);
    const indexed = afterAttempt(missing, { code: 'SUCCESS' }, 2 * DAY_MS + 1, notes, 'index');
    expect(indexed).toMatchObject({ consecutiveNotFound: 3, totalSuccesses: 1, skip: null });
    expect(afterAttempt(indexed, { code: 'NOT_FOUND' }, 3 * DAY_MS, notes, 'item').skip).toMatchObject({
      reason: 'auto_flag_4_not_found',
    });
  });

  it('counts the items that are not there once a day, and its own page and its index each time', () => {
    const dead = notFoundOnDays(0, 0, 0, 0, 0, 1, 1, 2, 2, 2);
    expect(dead).toMatchObject({ consecutiveNotFound: 3, skip: null, totalAttempts: 10 });
    expect(notFoundOnDays(0, 0, 1, 2, 2, 3).skip?.reason).toBe('auto_flag_4_not_found');
    const own = (id: string) =>
      [1, 2, 3, 4].reduce(
        (record, at) => afterAttempt(record, { code: 'NOT_FOUND' }, at, notes, id),
        newTarget('notes', 'a'),
      );
    expect(own('a').skip?.reason).toBe('auto_flag_4_not_found');
    expect(own('index').skip?.reason).toBe('auto_flag_4_not_found');
    expect(own('b').skip).toBeNull();
  });

  it('is flagged by the first wall, under the one-attempt rule', () => {
    expect(recordAfter(['SUCCESS', 'BLOCKED'])).toMatchObject({
      consecutiveBlocks: 1,
      skip: { reason: 'security_block_one_attempt', actor: 'rescrape', since: 2 },
    });
  });

  it('is flagged by as many walls in a row as its source allows, and by no fewer', () => {
    const patient = withOutcomes({ skipAfterBlocks: 3 });
    expect(recordAfter(['BLOCKED', 'BLOCKED'], patient).skip).toBeNull();
    expect(recordAfter(['BLOCKED', 'BLOCKED', 'SUCCESS', 'BLOCKED'], patient).skip).toBeNull();
    expect(recordAfter(['BLOCKED', 'BLOCKED', 'BLOCKED'], patient).skip).toMatchObject({
      reason: 'auto_flag_3_blocks',
      since: 3,
    });
  });

  it('is flagged by the fourth 404 in a row; a success in between starts the count anew, a time-out does not', () => {
    expect(recordAfter(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']).skip).toBeNull();
    expect(recordAfter(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']).skip).toMatchObject({
      reason: 'auto_flag_4_not_found',
    });
    expect(recordAfter(['NOT_FOUND', 'NOT_FOUND', 'SUCCESS', 'NOT_FOUND', 'NOT_FOUND']).skip).toBeNull();
    expect(recordAfter(['NOT_FOUND', 'NOT_FOUND', 'TIMEOUT', 'NOT_FOUND', 'NOT_FOUND']).skip).not.toBeNull();
  });

  it('is flagged by nothing else, however often it happens', () => {
    const harmless: OutcomeCode[] = [
      'TIMEOUT',
      'NETWORK_ERROR',
      'SERVER_ERROR',
      'RATE_LIMITED',
      'HTML_CHANGED',
      'BLOCKED_PROXY',
    ];
    for (const code of harmless) expect(recordAfter(Array(20).fill(code)).skip, code).toBeNull();
  });

  it('keeps the first flag that it got', () => {
    expect(recordAfter(['BLOCKED', 'SUCCESS', 'BLOCKED']).skip).toMatchObject({ since: 1 });
  });
});

describe('the store of targets', () => {
  let root: string;
  const open = () => openSqliteStateStore(join(root, 'state.sqlite'));
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rescrape-targets-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const more = (record: TargetRecord): TargetRecord => ({
    ...record,
    totalAttempts: record.totalAttempts + 1,
  });

  it('knows every target as new until something happens to it', async () => {
    const store = new TargetStore(open());
    expect(await store.get('notes', 'a')).toEqual(newTarget('notes', 'a'));
    expect(await Array.fromAsync(store.list())).toEqual([]);
  });

  it('gives each target its own record, as others have left it', async () => {
    const [store, other] = [new TargetStore(open()), new TargetStore(open())];
    const [first, again] = [await store.get('notes', 'a'), await store.get('notes', 'a')];
    expect(again).toEqual(first);
    expect(await store.get('notes', 'b')).toEqual(newTarget('notes', 'b'));
    for (const attempts of [1, 2]) {
      await other.update('notes', 'a', more, BY);
      expect(await store.get('notes', 'a')).toEqual({ ...newTarget('notes', 'a'), totalAttempts: attempts });
    }
    expect(await store.get('more-notes', 'a')).toEqual(newTarget('more-notes', 'a'));
  });

  it('loses no change where several are made at once', async () => {
    const stores = Array.from({ length: 4 }, () => new TargetStore(open()));
    await Promise.all(
      stores.flatMap((store) => Array.from({ length: 10 }, () => store.update('notes', 'a', more, BY))),
    );
    expect((await stores[0]!.get('notes', 'a')).totalAttempts).toBe(40);
  });

  it('makes a change once, when it comes with a marker that is there already', async () => {
    const store = new TargetStore(open());
    const marker: StateWrite = {
      kind: 'put',
      partition: 'finalized#run',
      sort: 'notes#a',
      value: true,
      expect: 'absent',
    };
    expect(await store.update('notes', 'a', more, BY, marker)).toBe(true);
    expect(await store.update('notes', 'a', more, BY, marker)).toBe(false);
    expect((await store.get('notes', 'a')).totalAttempts).toBe(1);
  });

  it('lists the targets of one source or of all, and takes no source for another that begins like it', async () => {
    const store = new TargetStore(open());
    for (const [source, target] of [
      ['notes', 'b'],
      ['notes', 'a'],
      ['notes-two', 'a'],
    ] as const)
      await store.update(source, target, more, BY);
    const names = async (source?: string) =>
      (await Array.fromAsync(store.list(source))).map((one) => `${one.source}/${one.target}`);
    expect(await names('notes')).toEqual(['notes/a', 'notes/b']);
    expect(await names()).toHaveLength(3);
  });
});
