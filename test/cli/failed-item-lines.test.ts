import { describe, expect, it } from 'vitest';
import { failedItemLines } from '../../cli/failed-item-lines.ts';
import { failedItem, failedItems, racingWeek, summaryOf } from '../core/report/racing-week.ts';

const RUN = racingWeek.run.run_id;
const local = { inStack: false, place: [] };

describe('the last words of a run with failures', () => {
  it('name each item with its error and what happens next, then what to type', () => {
    const lines = failedItemLines(racingWeek, local);
    expect(lines[0]).toBe('4 items failed (2 TIMEOUT, 1 RATE_LIMITED, 1 NOT_FOUND):');
    expect(lines.slice(1, 5).map((line) => line.trim().split(/ {2,}/))).toEqual([
      [
        'racing/ire/2025-11-16/4711',
        'RATE_LIMITED (HTTP 406 Not Acceptable)',
        'tried again by itself from 2025-11-17T02:15:30Z, 3 tries left',
      ],
      [
        'racing/ire/2025-11-16/4712',
        'NOT_FOUND (HTTP 404 Not Found)',
        expect.stringMatching(/^waits for you: /),
      ],
      ['racing/ire/2025-11-16/4713', 'TIMEOUT', expect.stringMatching(/^its tries are used up/)],
      ['racing/ire/2025-11-17/index', 'TIMEOUT (headers: 20000 ms)', expect.stringMatching(/, 1 try left$/)],
    ]);
    expect(lines.slice(5)).toEqual([
      'next: have the queued ones tried when they are due: rescrape worker',
      `next: try now what another try may heal: rescrape retry --run ${RUN}`,
      'next: put the dead ones back into the queue: rescrape dead-letters redrive --source racing --start 2025-11-11 --end 2025-11-17',
      'next: nothing tries the open ones by itself but the next run that covers them',
      'next: see all: rescrape failures list --source racing',
    ]);
  });

  it('say of a stack that it tries the queued ones by itself', () => {
    const last = failedItemLines(racingWeek, { inStack: true, place: [] }).join('\n');
    expect(last).toContain('the retry-items function of the stack tries the queued ones by itself');
    expect(last).not.toContain('rescrape worker');
  });

  it('tell how to lift the flag of a target before anything else', () => {
    const failures = failedItems([failedItem('1', { flagged: true })]);
    const lines = failedItemLines(summaryOf({ failures }), local);
    expect(lines[1]).toContain('queued, and not tried while its target is flagged');
    expect(lines[2]).toBe('next: lift the flag of ire first: rescrape skip remove racing ire');
  });

  it('recommend no retry where nothing but a person can help', () => {
    const failures = failedItems([failedItem('1', { state: 'open', code: 'NOT_FOUND', dueAt: null })]);
    const lines = failedItemLines(summaryOf({ failures }), local).join('\n');
    expect(lines).toContain('next: see all: rescrape failures list --source racing');
    expect(lines).not.toContain('rescrape retry');
  });

  it('are none where nothing failed, or where the summary is of an older version', () => {
    expect(failedItemLines(summaryOf({ failures: failedItems([]) }), local)).toEqual([]);
    expect(failedItemLines(summaryOf(), local)).toEqual([]);
  });

  it('count what they do not name', () => {
    const failures = failedItems([failedItem('1')], 51);
    expect(failedItemLines(summaryOf({ failures }), local).slice(0, 3)).toEqual([
      '51 items failed (1 RATE_LIMITED):',
      expect.stringContaining('racing/ire/2025-11-16/1 '),
      '  … and 50 items more',
    ]);
  });

  it('keep what a site sent in its line, without what would act upon the terminal', () => {
    const message = 'one\ntwo\u001b[2Jthree\u202efour';
    const [, line, next, ...rest] = failedItemLines(
      summaryOf({ failures: failedItems([failedItem('1', { message })]) }),
      local,
    );
    expect(line).toContain('RATE_LIMITED (one two [2Jthree four)');
    expect(next).toMatch(/^next: /);
    expect(rest.every((each) => each.startsWith('next: '))).toBe(true);
  });
});
