import { describe, expect, it } from 'vitest';
import { explain } from '../../../core/explain/story.ts';
import type { Failure } from '../../../core/failures/failure.ts';
import { AT, attempt, current, FLAG, lastRefresh, NOTHING, OLD_RUN, RUN, run } from './fixture.ts';

describe('why, of failures that stand differently', () => {
  const failure = (item: string, more: Partial<Failure> = {}): Failure => ({
    ...{
      source: 'racing',
      target: 'gb',
      value: 'gb',
      date: '2025-11-17',
      item,
      url: `https://example.org/${item}`,
    },
    ...{ state: 'open', code: 'RATE_LIMITED', message: 'HTTP 406', runs: 1, attempts: 4, counts: {} },
    ...{ capture: null, firstRunId: RUN, lastRunId: RUN, openedAt: AT, lastFailedAt: AT },
    ...{ closedAt: null, closedBy: null, outcomes: [], transitions: [], seenAt: null, claim: null },
    ...more,
  });
  const retry = (dueAt: number, tries = 0) => ({ sentAt: AT, dueAt, tries, redrives: 0, deadAt: null });
  const MINUTE = 60_000;
  const day = {
    ...NOTHING,
    run: run(),
    lastRefresh: lastRefresh({ found: 15, failed: 5 }),
    failures: [
      failure('1', { state: 'queued', retry: retry(AT + 45 * MINUTE) }),
      failure('2', { state: 'queued', retry: retry(AT + 50 * MINUTE, 1) }),
      failure('3', { state: 'dead', code: 'HTML_CHANGED' }),
      failure('4', { code: 'NOT_FOUND' }),
      failure('5', { state: 'recovered', closedAt: AT, closedBy: RUN }),
    ],
  };

  it('sums up what happens to them, the closed ones left aside', () => {
    expect(explain(day).answer).toContain(
      'of its failed items, 2 are tried again by themselves from 2025-11-18T02:15:00Z, 1 is a dead letter, 1 waits for a person',
    );
  });

  it('says of each kind what to do, each advice once', () => {
    expect(explain(day).next.map(({ text, command }) => command ?? text)).toEqual([
      'the site has no such page; nothing to do unless it should have one',
      'rescrape reparse racing --target gb --start 2025-11-17 --end 2025-11-17',
      'rescrape retry --partition racing/gb/2025-11-17',
      'rescrape dead-letters redrive --source racing --target gb --start 2025-11-17 --end 2025-11-17',
    ]);
  });

  it('tells to lift the flag of the target before anything that it would stop', () => {
    expect(explain({ ...day, skip: FLAG }).next[0]?.command).toBe('rescrape skip remove racing gb');
  });

  it('does not send anybody to a parser that was mended: a reparse has recovered the item', () => {
    const recovered = failure('4711', {
      ...{
        state: 'recovered',
        code: 'HTML_CHANGED',
        attempts: 0,
        runs: 0,
        closedAt: AT + MINUTE,
        closedBy: OLD_RUN,
      },
    });
    const { answer, next } = explain({
      ...day,
      item: '4711',
      current: current({}),
      attempts: [attempt({ error_code: 'HTML_CHANGED', status: 'error' })],
      failures: [recovered],
    });
    expect(answer).toContain('its 12 rows are current; it failed in run');
    expect(answer).toContain(`was recovered at 2025-11-18T01:31:00Z by run ${OLD_RUN}`);
    expect(next).toEqual([]);
  });

  it('says why a failure was taken off the queue', () => {
    const transitions = [{ state: 'open' as const, at: AT, by: 'rescrape', why: 'the version is held' }];
    const { answer } = explain({ ...day, item: '1', failures: [failure('1', { transitions })] });
    expect(answer).toContain(
      'nothing tries it again by itself but the next run that covers it (the version is held)',
    );
  });
});
