import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkMinutesOf } from '../../../core/source/cadence.ts';
import { daily, defineSource, every, type SourceDefinition } from '../../../core/source/define-source.ts';

const GOOD: SourceDefinition = {
  name: 'notes',
  baseUrl: 'https://notes.example/',
  timeZone: 'Europe/London',
  cadence: daily({ at: '01:30', windowDays: 7 }),
  targets: [{ id: 'a' }, { id: 'b' }],
  table: {
    name: 'notes',
    partitionBy: ['shelf', 'date'],
    itemKey: 'note',
    rowKey: ['note', 'line'],
    schema: z.object({ note: z.string(), line: z.int32(), text: z.string().nullable() }),
  },
  discover: { url: ({ date }) => `/${date}`, parse: () => ({ kind: 'items', items: [] }) },
  parse: () => ({ kind: 'empty', reason: 'blank' }),
};
const table = (more: Partial<SourceDefinition['table']>): Partial<SourceDefinition> => ({
  table: { ...GOOD.table, ...more },
});
const schemaWith = (more: z.ZodRawShape) =>
  table({ schema: z.object({ note: z.string(), line: z.int32(), ...more }) });

describe('a source', () => {
  it('gets every default that its author left out', () => {
    expect(defineSource(GOOD)).toMatchObject({
      politeness: { concurrency: 4, minDelayMs: 250, robots: 'respect' },
      outcomes: { rateLimitStatuses: [429], skipAfterBlocks: 1, skipAfterNotFound: 4 },
      retry: { attempts: 3, intervalSeconds: 2, backoffRate: 2 },
      expect: { minItems: 1, maxShrink: 0.5 },
      parserVersion: 1,
      table: { csv: false },
    });
  });

  it('keeps what its author said beside the defaults', () => {
    const source = defineSource({
      ...GOOD,
      politeness: { minDelayMs: 1000 },
      retry: { attempts: 0 },
      parserVersion: 7,
    });
    expect(source.politeness).toMatchObject({ minDelayMs: 1000, concurrency: 4 });
    expect(source.retry).toEqual({ attempts: 0, intervalSeconds: 2, backoffRate: 2 });
    expect(source.parserVersion).toBe(7);
  });

  it.each([
    'UTC',
    'Europe/London',
    'Asia/Calcutta',
    'Asia/Kolkata',
    'US/Eastern',
    'Etc/GMT+5',
    'europe/london',
  ])('may be in the time zone %s', (timeZone) => {
    expect(defineSource({ ...GOOD, timeZone }).problem).toBeUndefined();
  });

  it.each<[string, Partial<SourceDefinition>, RegExp]>([
    ['a name in capitals', { name: 'Notes' }, /name: must be lower case/],
    ['a name that climbs', { name: '../notes' }, /name: /],
    ['an address that is none', { baseUrl: 'notes' }, /baseUrl: must be an http\(s\) address/],
    ['an address of files', { baseUrl: 'file:///etc/passwd' }, /baseUrl: must be an http\(s\) address/],
    ['an index without an address', { baseUrl: undefined }, /baseUrl: an index needs it/],
    ['no request at once', { politeness: { requestsAtOnce: 0 } }, /politeness\.requestsAtOnce: /],
    ['a time zone that is none', { timeZone: 'Europe/Atlantis' }, /timeZone: not an IANA time zone/],
    ['a time that is none', { cadence: daily({ at: '24:00', windowDays: 7 }) }, /cadence\.at: must be HH:MM/],
    ['a window of no days', { cadence: daily({ at: '01:30', windowDays: 0 }) }, /cadence\.windowDays: /],
    ['a window of half a day', { cadence: daily({ at: '01:30', windowDays: 0.5 }) }, /cadence\.windowDays: /],
    ['no targets', { targets: [] }, /targets: /],
    ['a target twice', { targets: [{ id: 'a' }, { id: 'a' }] }, /targets: has the same id twice/],
    [
      'targets that differ in case',
      { targets: [{ id: 'GB' }, { id: 'gb' }] },
      /targets: GB and gb differ in/,
    ],
    ...['null', 'NULL', 'Null', 'none', 'NaN', '__HIVE_DEFAULT_PARTITION__'].map(
      (id): [string, Partial<SourceDefinition>, RegExp] => [
        `the target ${id}`,
        { targets: [{ id }] },
        /targets\.0\.id: query engines read this word/,
      ],
    ),
    ['a target of no letters', { targets: [{ id: '' }] }, /targets\.0\.id: not an identifier/],
    ['a table of the lake', table({ name: 'attempts' }), /table\.name: is the name of a table or view/],
    ['the table of targets', table({ name: 'targets' }), /table\.name: is the name of a table or view/],
    ['a view of the lake', table({ name: 'v_completeness' }), /table\.name: is the name of a table or view/],
    ['a column called filename', schemaWith({ filename: z.string() }), /table\.schema\.filename: DuckDB/],
    [
      'a partition column called filename',
      table({ partitionBy: ['filename', 'date'] }),
      /table\.partitionBy\.0: DuckDB/,
    ],
    [
      'a date that is the target',
      table({ partitionBy: ['date', 'date'] }),
      /table\.partitionBy\.0: date is the other/,
    ],
    ['a target that climbs', { targets: [{ id: '../a' }] }, /targets\.0\.id: not an identifier/],
    ['a target with a slash', { targets: [{ id: 'a/b' }] }, /targets\.0\.id: not an identifier/],
    ['a table that SQL would not take', table({ name: 'no-tes; DROP' }), /table\.name: not a column name/],
    [
      'a partition column in capitals',
      table({ partitionBy: ['Shelf', 'date'] }),
      /table\.partitionBy\.0: not a column name/,
    ],
    ['an item key that is no column', table({ itemKey: 'page' }), /no column page, which a key names/],
    ['a row key that is no column', table({ rowKey: ['note', 'row'] }), /no column row, which a key names/],
    ['a row key of nothing', table({ rowKey: [] }), /table\.rowKey: /],
    ['a key that may be null', table({ rowKey: ['note', 'text'] }), /table\.schema\.text is part of a key/],
    [
      'a column of no known type',
      schemaWith({ tags: z.union([z.string(), z.number()]) }),
      /table\.schema\.tags: no column type/,
    ],
    ['a column in capitals', schemaWith({ Text: z.string() }), /table\.schema\.Text: not a column name/],
    ['a column of our own', schemaWith({ _run_id: z.string() }), /table\.schema\._run_id: not a column name/],
    ['a column that is the partition', schemaWith({ shelf: z.string() }), /shelf is a partition column/],
    ['a column that is the date', schemaWith({ date: z.iso.date() }), /date is a partition column/],
    ['no request at a time', { politeness: { concurrency: 0 } }, /politeness\.concurrency: /],
    ['a delay below nothing', { politeness: { minDelayMs: -1 } }, /politeness\.minDelayMs: /],
    [
      'one of several user agents of two lines',
      { politeness: { userAgents: ['a', 'b\r\nX: y'] } },
      /politeness\.userAgents\.1: must be printable ASCII/,
    ],
    [
      'a user agent of two lines',
      { politeness: { userAgent: 'a\r\nX: y' } },
      /politeness\.userAgent: must be printable ASCII/,
    ],
    [
      'a rate limit that is a success',
      { outcomes: { rateLimitStatuses: [200] } },
      /outcomes\.rateLimitStatuses\.0: /,
    ],
    ['a flag after no walls', { outcomes: { skipAfterBlocks: 0 } }, /outcomes\.skipAfterBlocks: /],
    ['a retry below nothing', { retry: { attempts: -1 } }, /retry\.attempts: /],
    ['waits that shrink', { retry: { backoffRate: 0.5 } }, /retry\.backoffRate: /],
    ['a shrink of more than all', { expect: { maxShrink: 1.5 } }, /expect\.maxShrink: /],
    ['a limit of nothing', { limits: { totalMs: 0 } }, /limits\.totalMs: /],
    ['a parser before the first', { parserVersion: 0 }, /parserVersion: /],
  ])('with %s is refused by name', (_, wrong, message) => {
    expect(defineSource({ ...GOOD, ...wrong }).problem).toMatch(message);
    expect(defineSource({ ...GOOD, ...wrong }).problem).toMatch(/^source "[^"]*" is not valid:/);
  });

  it.each([0.5, 1.5, 0, -2])(
    'with a first wait of %d s is refused here, and not by the workflow in the middle of the night',
    (intervalSeconds) => {
      const { problem } = defineSource({ ...GOOD, retry: { intervalSeconds } });
      expect(problem).toMatch(/retry\.intervalSeconds: /);
    },
  );

  it('is told all of its problems at once', () => {
    const wrong = { ...GOOD, baseUrl: 'x', timeZone: 'y', targets: [] };
    expect(defineSource(wrong).problem).toMatch(/baseUrl[\s\S]*timeZone[\s\S]*targets/);
  });
});

describe('a cadence that is each target’s own', () => {
  const problemOf = (cadence: SourceDefinition['cadence']) => defineSource({ ...GOOD, cadence }).problem;

  it('is from two minutes to a year, and looks what is due every 15 minutes, or as often as it is', () => {
    expect(problemOf(every({ minutes: 525_600 }))).toBeUndefined();
    expect(problemOf(every({ minutes: 525_601 }))).toContain('cadence.minutes');
    expect(problemOf(every({ minutes: 1 }))).toContain('cadence.minutes');
    expect(problemOf(every({ minutes: 10, checkMinutes: 11 }))).toContain(
      'cadence.checkMinutes: must be at most',
    );
    const checks = [{ minutes: 240 }, { minutes: 5 }, { minutes: 240, checkMinutes: 60 }].map(every);
    expect(checks.map(checkMinutesOf)).toEqual([15, 5, 60]);
  });
});
