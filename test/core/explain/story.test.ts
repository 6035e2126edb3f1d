import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { WhyCurrent } from '../../../core/explain/facts.ts';
import { explain } from '../../../core/explain/story.ts';
import { OUTCOME_CODES } from '../../../core/outcome/outcome.ts';
import { DISPOSITIONS } from '../../../core/outcome/policy.ts';
import { attempt, current, FLAG, lastRefresh, NOTHING, OLD_RUN, RUN, run } from './fixture.ts';

describe('why a partition is as it is', () => {
  it('was never planned where no run has covered it, and names the command that scrapes it', () => {
    const { answer, next } = explain(NOTHING);
    expect(answer).toBe('it was never planned: no run on record has covered its date and target');
    expect(next.map(({ command }) => command)).toEqual([
      'rescrape run racing --target gb --start 2025-11-17 --end 2025-11-17',
    ]);
  });

  it('expects nothing of a date that has not begun', () => {
    const { answer, next } = explain({ ...NOTHING, today: civilDate('2025-11-16') });
    expect(answer).toContain('lies in the future');
    expect(next).toEqual([]);
  });

  it('was left out by a run because of a flag that must be lifted before it can be scraped', () => {
    const { answer, next } = explain({
      ...NOTHING,
      skip: FLAG,
      run: run({ planned: 'left-out' }),
      current: current(),
    });
    expect(answer).toContain(`run ${RUN} left it out`);
    expect(answer).toContain('security_block_one_attempt');
    expect(answer).toContain('version v1 of 2025-11-17T01:30:00Z (190 rows) stays current');
    expect(next[0]?.command).toBe('rescrape skip remove racing gb');
  });

  it('is not blamed on a flag that was raised after its run had planned it', () => {
    expect(explain({ ...NOTHING, skip: FLAG, run: run(), lastRefresh: lastRefresh() }).answer).toContain(
      'committed it',
    );
  });

  it('is under way while its run has not ended, and counts what was tried so far', () => {
    const attempts = [attempt(), attempt({ run_id: OLD_RUN })];
    const { answer } = explain({ ...NOTHING, run: run({ status: 'running' }), attempts });
    expect(answer).toContain(
      `run ${RUN} has not ended (it is under way, or was interrupted) with 1 attempts`,
    );
  });

  it('blames a run that failed before it came to the partition, with what that run said', () => {
    const failed = run({
      status: 'failed',
      message: 'racing: cannot reach http://127.0.0.1:1',
      planned: 'unknown',
    });
    const { answer } = explain({
      ...NOTHING,
      run: failed,
      lastRefresh: lastRefresh({ runId: OLD_RUN }),
      current: current(),
    });
    expect(answer).toContain('failed before it was published: racing: cannot reach http://127.0.0.1:1');
    expect(answer).toContain('version v1');
  });

  it('prefers what happened last: a decision after the run outranks the run', () => {
    const decided = lastRefresh({
      status: 'rolled_back',
      runId: '019a0000-0000-7000-8000-000000000009',
      version: 'v1',
    });
    expect(explain({ ...NOTHING, run: run(), lastRefresh: decided }).answer).toContain(
      'it was rolled back at 2025-11-18T01:30:00Z',
    );
  });

  it('was held: gives the reason and both decisions', () => {
    const held = lastRefresh({ status: 'held', held: 'v3', reason: '9 rows instead of 190' });
    const { answer, next } = explain({ ...NOTHING, run: run(), lastRefresh: held, current: current() });
    expect(answer).toContain('held its new version back: 9 rows instead of 190; version v1');
    expect(next.map(({ command }) => command)).toEqual([
      'rescrape partitions accept racing/gb/2025-11-17',
      'rescrape partitions reject racing/gb/2025-11-17',
    ]);
  });

  it('says how many items failed, and gives each advice once', () => {
    const attempts = [
      attempt({ error_code: 'HTML_CHANGED', status: 'error' }),
      attempt({ item_id: '4712', error_code: 'HTML_CHANGED', status: 'error' }),
      // Failed first and then succeeded: nothing to do about it.
      attempt({ item_id: '4713', error_code: 'TIMEOUT', status: 'timeout' }),
      attempt({ item_id: '4713', attempt_number: 2 }),
    ];
    const broken = lastRefresh({ found: 18, failed: 2, carried: 1 });
    const { answer, next } = explain({ ...NOTHING, run: run(), lastRefresh: broken, attempts });
    expect(answer).toContain(
      '200 rows, 18 of 20 items found, 2 failed (1 of them keep their rows from before)',
    );
    expect(next.map(({ command }) => command)).toEqual([
      'rescrape reparse racing --target gb --start 2025-11-17 --end 2025-11-17',
    ]);
  });

  it('cannot be read: that comes before everything else', () => {
    const damaged: WhyCurrent = {
      kind: 'damaged',
      message: 'tables/x/manifest is no manifest',
      mends: [{ kind: 'reparse' }, { kind: 'rollback', to: 'v1' }],
    };
    const { answer, next } = explain({
      ...NOTHING,
      run: run({ status: 'running' }),
      lastRefresh: lastRefresh(),
      current: damaged,
    });
    expect(answer).toBe('its current version cannot be read: tables/x/manifest is no manifest');
    expect(next.map(({ command }) => command)).toEqual([
      'rescrape reparse racing --target gb --start 2025-11-17 --end 2025-11-17',
      'rescrape partitions rollback racing/gb/2025-11-17 --to v1',
    ]);
  });
});

describe('why an item is as it is', () => {
  const item = { ...NOTHING, item: '4711', run: run(), lastRefresh: lastRefresh(), current: current({}) };

  it('is named by its partition and its id', () => {
    expect(explain(item).name).toBe('racing/gb/2025-11-17/4711');
  });

  it('was read: its rows are current', () => {
    const { answer, next } = explain({ ...item, attempts: [attempt()] });
    expect(answer).toContain(
      `it was read in run ${RUN} (try 1, 2025-11-18T01:30:00.000Z); its 12 rows are current`,
    );
    expect(next).toEqual([]);
  });

  it('was read: one row is called one', () => {
    const said = (change: object) =>
      explain({ ...item, current: current({ rows: 1, ...change }), attempts: [attempt()] }).answer;
    expect(said({})).toContain('; its row is current');
    expect(said({ state: 'carried' })).toContain('; its row of 2025-11-18T01:30:00.000Z stays current');
    expect(said({ state: 'pending' })).toContain('; its row from before stays current');
  });

  it('was read, and is not in the table because its partition was held', () => {
    const held = lastRefresh({ status: 'held', held: 'v3', reason: '9 rows instead of 190' });
    const { answer } = explain({ ...item, lastRefresh: held, attempts: [attempt()] });
    expect(answer).toContain('it was read in run');
    expect(answer).toContain('held its new version back: 9 rows instead of 190');
  });

  it('failed: gives the code, the evidence and what stays of it', () => {
    const failed = attempt({
      attempt_number: 4,
      error_code: 'RATE_LIMITED',
      status: 'error',
      http_status_code: 406,
      rule: 'status/406',
      error_message: 'the site asks for fewer requests',
    });
    const { answer, next } = explain({ ...item, current: current({ state: 'carried' }), attempts: [failed] });
    expect(answer).toBe(
      `its last of 4 tries in run ${RUN} ended in RATE_LIMITED (HTTP 406, rule status/406, the site asks for fewer requests); ` +
        'its 12 rows of 2025-11-18T01:30:00.000Z stay current',
    );
    expect(next[0]?.command).toBe('rescrape run racing --target gb --start 2025-11-17 --end 2025-11-17');
  });

  it('tells to lift the flag before the command that the flag would stop', () => {
    const walled = attempt({ error_code: 'BLOCKED', status: 'blocked', http_status_code: 403 });
    const { next } = explain({ ...item, skip: FLAG, attempts: [walled] });
    expect(next.map(({ command }) => command)).toEqual([
      'rescrape skip remove racing gb',
      'rescrape run racing --target gb --start 2025-11-17 --end 2025-11-17',
    ]);
  });

  it('is not listed by the index where the current version does not know it and nobody tried it', () => {
    expect(explain({ ...item, current: current() }).answer).toContain(
      'the index of the day does not list it',
    );
  });

  it('has advice or an explanation for every outcome that is no success', () => {
    for (const error_code of OUTCOME_CODES) {
      if (DISPOSITIONS[error_code].verdict === 'accept') continue;
      const { answer, next } = explain({ ...item, attempts: [attempt({ error_code })] });
      expect(answer).toContain(error_code);
      expect(next.length, error_code).toBeGreaterThan(0);
    }
  });
});
