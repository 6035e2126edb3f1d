import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../core/failures/failure.ts';
import { OUTCOME_CODES } from '../../../core/outcome/outcome.ts';
import { DISPOSITIONS } from '../../../core/outcome/policy.ts';
import { countsText, failedItemsOf, NAMED, nextText } from '../../../core/report/failed-items.ts';
import { failedItem } from './racing-week.ts';

const failure = (item: string, change: Partial<Failure> = {}): Failure => ({
  ...{
    source: 'racing',
    target: 'gb',
    value: 'gb',
    date: '2025-11-17',
    item,
    url: `https://example.org/${item}`,
  },
  ...{ state: 'open', code: 'NOT_FOUND', message: null, runs: 1, attempts: 1, counts: {}, capture: null },
  ...{
    firstRunId: 'run-1',
    lastRunId: 'run-1',
    openedAt: 1,
    lastFailedAt: 1,
    closedAt: null,
    closedBy: null,
  },
  ...{ outcomes: [], transitions: [], seenAt: null, claim: null },
  ...change,
});
const summedUp = (failures: readonly Failure[]) => failedItemsOf(failures, (target) => target === 'fr');
const time = (ms: number) => `T${ms}`;

describe('the failed items of a run', () => {
  it('are those that are unresolved, by partition and item', () => {
    const { total, items } = summedUp([
      failure('2', { date: '2025-11-18' }),
      failure('9', { state: 'recovered' }),
      failure('3'),
      failure('8', { state: 'dismissed' }),
      failure('1'),
    ]);
    expect(items.map(({ name, item }) => `${name}/${item}`)).toEqual([
      'racing/gb/2025-11-17/1',
      'racing/gb/2025-11-17/3',
      'racing/gb/2025-11-18/2',
    ]);
    expect(total).toBe(3);
  });

  it('are all counted and not all named', () => {
    const many = Array.from({ length: NAMED + 7 }, (_, n) =>
      failure(`${n}`, n === 0 ? { state: 'dead' } : {}),
    );
    const { total, items, states, codes } = summedUp(many);
    expect(items).toHaveLength(NAMED);
    expect({ total, states, codes }).toEqual({
      ...{ total: NAMED + 7, states: { open: NAMED + 6, dead: 1 }, codes: { NOT_FOUND: NAMED + 7 } },
    });
  });

  it('are due, and have tries left, only while they are queued', () => {
    const retry = { sentAt: 1, dueAt: 500, tries: 1, redrives: 0, deadAt: null };
    const [queued, dead, open] = summedUp([
      failure('1', { state: 'queued', retry }),
      failure('2', { state: 'dead', retry: { ...retry, deadAt: 400 } }),
      failure('3'),
    ]).items;
    expect(queued).toMatchObject({ dueAt: 500, triesLeft: 2 });
    expect(dead).toMatchObject({ dueAt: null, triesLeft: 0 });
    expect(open).toMatchObject({ dueAt: null, triesLeft: 0 });
  });

  it('tell which targets are flagged: those are not tried', () => {
    const { flagged, items } = summedUp([
      failure('1'),
      failure('2', { target: 'fr', value: 'fr', state: 'queued' }),
    ]);
    expect(flagged).toEqual(['fr']);
    expect(items.map((item) => item.flagged)).toEqual([true, false]);
    expect(nextText(items[0]!, time)).toBe('queued, and not tried while its target is flagged');
  });

  it('carry no more than the beginning of a message that a page has made long', () => {
    const { items } = summedUp([failure('1', { message: '\u{1f40e}'.repeat(100_000) })]);
    expect(items[0]!.message!.length).toBeLessThanOrEqual(300);
    expect(items[0]!.message!.isWellFormed()).toBe(true);
  });
});

describe('what happens next to a failed item', () => {
  it('is said for every state and every outcome that can fail', () => {
    expect(nextText(failedItem('1', { dueAt: 7, triesLeft: 1 }), time)).toBe(
      'tried again by itself from T7, 1 try left',
    );
    expect(nextText(failedItem('1', { state: 'dead' }), time)).toContain(
      'waits for you among the dead letters',
    );
    for (const code of OUTCOME_CODES.filter((each) => DISPOSITIONS[each].opensFailure))
      expect(nextText(failedItem('1', { state: 'open', code }), time), code).toMatch(/^waits for you: ./);
  });
});

describe('counts', () => {
  it('begin with the most frequent', () => {
    expect(countsText({ TIMEOUT: 1, RATE_LIMITED: 3 })).toBe('3 RATE_LIMITED, 1 TIMEOUT');
  });
});
