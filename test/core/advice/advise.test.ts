import { describe, expect, it } from 'vitest';
import { advise } from '../../../core/advice/advise.ts';
import { stepSpans, stepsText } from '../../../core/advice/render.ts';
import type { Subject } from '../../../core/advice/subject.ts';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { Failure } from '../../../core/failures/failure.ts';
import { failureSchema } from '../../../core/failures/failure-schema.ts';
import { type OutcomeCode, PROCESS_DIED } from '../../../core/outcome/outcome.ts';

const date = civilDate('2025-11-17');
const place = { source: 'notes', partition: { value: 'a', date } };
const skip = { reason: 'walls', actor: 'run', since: 0, expiresAt: null, lastsMs: null, target: 'a' };
const RUN = 'rescrape run notes --target a --start 2025-11-17 --end 2025-11-17';
const LIFT = 'rescrape skip remove notes a';
const commandsOf = (subject: Subject) => advise(subject).map(({ command }) => command);

describe('advice', () => {
  it('lifts a flag before whatever would ask the target, and only then', () => {
    expect(commandsOf({ kind: 'unscraped', ...place, skip: null })).toEqual([RUN]);
    expect(commandsOf({ kind: 'unscraped', ...place, skip })).toEqual([LIFT, RUN]);
    const outcomes = (code: 'TIMEOUT' | 'PARSE_ERROR') =>
      commandsOf({ kind: 'outcomes', outcomes: [{ code, message: null }], place: { ...place, skip } });
    expect(outcomes('TIMEOUT')).toEqual([LIFT, RUN]);
    expect(outcomes('PARSE_ERROR')).toEqual([RUN.replace(' run ', ' reparse ')]);
  });

  it('says the same twice only once', () => {
    const codes = ['TIMEOUT', 'TIMEOUT', 'NOT_FOUND'] as const;
    const outcomes = codes.map((code) => ({ code, message: null }));
    expect(advise({ kind: 'outcomes', outcomes, place: null })).toHaveLength(2);
  });

  it('lifts the flag of a partition that failed and of which nothing else is known', () => {
    const lastRefresh = {
      failed: 0,
      status: 'failed' as const,
      withdrawn: { count: 0, ids: [] },
      repeated: [],
    };
    const facts = { ...place, item: null, now: 0, failures: [], attempts: [], lastRefresh };
    expect(commandsOf({ kind: 'refreshed', ...facts, skip })).toEqual([LIFT, RUN]);
    expect(commandsOf({ kind: 'refreshed', ...facts, skip: null })).toEqual([RUN]);
  });

  it('gives a person nothing to do where a person has decided', () => {
    const lastRefresh = {
      failed: 3,
      status: 'accepted' as const,
      withdrawn: { count: 1, ids: ['1'] },
      repeated: [],
    };
    const facts = { ...place, item: null, now: 0, failures: [], attempts: [], lastRefresh, skip };
    expect(advise({ kind: 'refreshed', ...facts })).toEqual([]);
  });

  it('lifts the flag of the target whose item is dead, also where its partition has another name', () => {
    const obstacle = { kind: 'flagged', source: 'notes', target: 'a-1', reason: 'walls' } as const;
    expect(commandsOf({ kind: 'dead-letter', id: 'x', obstacle })).toEqual([
      'rescrape skip remove notes a-1',
    ]);
  });

  it('names no retry and no run of a day that is over, but the captures that can be parsed again', () => {
    const failure = (code: OutcomeCode, state: Failure['state']) => ({
      ...failureSchema().parse({
        ...{ source: 'notes', target: 'a', value: 'a', date, item: '1', url: 'https://notes.example/1' },
        ...{ state, code, message: null, runs: 1, attempts: 1, capture: null, firstRunId: 'r' },
        ...{ lastRunId: 'r', openedAt: 1, lastFailedAt: 1, closedAt: null, closedBy: null },
      }),
    });
    const clear = (code: OutcomeCode) =>
      `rescrape failures clear --source notes --target a --start ${date} --end ${date} --code ${code}`;
    const facts = { now: 2, skip, isOver: true };
    const commands = (...failures: Failure[]) =>
      commandsOf({ kind: 'failures', ...place, ...facts, item: null, failures }).filter(Boolean);
    for (const state of ['open', 'queued', 'dead'] as const) {
      expect(commands(failure('TIMEOUT', state))).toEqual([clear('TIMEOUT')]);
      const one = advise({ kind: 'failure', ...facts, failure: failure('TIMEOUT', state) });
      expect(one.map(({ command }) => command)).toEqual([undefined, clear('TIMEOUT')]);
      expect(one[0]?.text).toContain('its day is over');
    }
    const reparse = RUN.replace(' run ', ' reparse ');
    expect(commands(failure('PARSE_ERROR', 'open'))).toEqual([reparse, clear('PARSE_ERROR')]);
    const outcomes = [{ code: 'TIMEOUT', message: null }] as const;
    expect(commandsOf({ kind: 'outcomes', outcomes, place: { ...place, ...facts } })).toEqual([undefined]);
  });

  it('has a page asked for in full over which processes died, and says nothing of its size', () => {
    const died = { code: 'TOO_LARGE', message: PROCESS_DIED } as const;
    const outcomes = [died, died].map((outcome, at) => ({ ...outcome, target: `a-${at}` }));
    const subject = { kind: 'outcomes', outcomes } as const;
    const stepsOf = (more: object) => advise({ ...subject, place: { ...place, skip: null, ...more } });
    expect(stepsOf({})).toEqual([{ text: expect.any(String), command: `${RUN} --force` }]);
    const [every, ...more] = stepsOf({ isEvery: true });
    expect([every?.command, more]).toEqual(['rescrape run notes --target a-0 a-1 --force', []]);
    expect(every?.text).not.toContain('maxDecodedBytes');
    expect(stepsOf({ isEvery: true, skip })[0]?.command).toBe(LIFT);
    expect(stepsOf({ isEvery: true, isOver: true })).toEqual([{ text: expect.stringContaining('over') }]);
    expect(stepsText(advise({ ...subject, place: null }))).not.toContain('maxDecodedBytes');
    const large = advise({ kind: 'outcomes', outcomes: [{ ...died, message: '9 MB' }], place: null });
    expect(stepsText(large)).toContain('maxDecodedBytes');
  });

  it('quotes for the shell what a name holds', () => {
    expect(commandsOf({ kind: 'not-on-record', name: "x; rm -rf '$HOME'" })).toEqual([
      `rescrape why 'x; rm -rf '\\''$HOME'\\'''`,
    ]);
  });
});

describe('the two renderers', () => {
  const steps = advise({ kind: 'held', ...place });

  it('write the same steps and commands: as clauses for a terminal, as sentences for a report', () => {
    expect(stepsText(steps)).toBe(
      'where the source is right, make the held version current: rescrape partitions accept notes/a/2025-11-17; ' +
        'where it is not, drop it: rescrape partitions reject notes/a/2025-11-17',
    );
    expect(stepSpans(steps)).toEqual([
      'Where the source is right, make the held version current: ',
      { code: 'rescrape partitions accept notes/a/2025-11-17' },
      '.',
      ' Where it is not, drop it: ',
      { code: 'rescrape partitions reject notes/a/2025-11-17' },
      '.',
    ]);
  });

  it('name alternatives as such, and do without a command where there is none', () => {
    expect(stepsText(steps, { alternatives: true })).toContain('; or where');
    const wait = advise({ kind: 'lake-problem', code: 'store_failed', place: null });
    expect(stepsText(wait)).toBe('mend the store, then check again');
    expect(stepSpans(wait)).toEqual(['Mend the store, then check again.']);
  });
});
