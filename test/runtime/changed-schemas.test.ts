import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openVerifiedFiles } from '../../adapters/local/verified-files.ts';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { PartitionVersions } from '../../core/lake/partition-versions.ts';
import { decimal, type Row } from '../../core/schema/columns.ts';
import type { Source } from '../../core/source/source.ts';
import { openLocalWarehouse } from '../../runtime/local-warehouse.ts';
import { racing } from '../../sources/racing/source.ts';
import { type Lake, NOW, openLake } from '../core/completeness/lake-fixture.ts';

/** The schemas that the author of a source has had, the oldest first; the last one is today's. */
const SCHEMAS = [
  z.object({ id: z.string(), grade: z.int32(), prize: z.int32(), code: z.int32(), gone: z.string() }),
  z.object({ id: z.string(), grade: z.int(), prize: z.number(), code: z.string() }),
  z.object({
    code: z.string(),
    id: z.string(),
    going: z.string().nullable(),
    grade: z.number().int(),
    prize: decimal(8, 2),
  }),
] as const;

const source = (schema: z.ZodObject): Source => ({
  ...racing,
  table: { ...racing.table, schema, rowKey: ['id'] },
});

describe('a lake that several schemas have written', () => {
  let it_: Lake;
  beforeEach(() => {
    it_ = openLake();
  });
  afterEach(() => it_.close());

  async function commit(schema: z.ZodObject, date: string, row: Row): Promise<void> {
    const versions = new PartitionVersions(it_.lake, source(schema).table, {
      value: 'gb',
      date: civilDate(date),
    });
    const lineage = {
      _run_id: 'run',
      _source_url: '/',
      _scraped_at: '2025-11-17T01:30:00.000Z',
      _capture: null,
    };
    const next = {
      version: `v-${date}`,
      parserVersion: 1,
      previous: null,
      runId: 'run',
      createdAt: '2025-11-17T01:30:00.000Z',
      decision: 'commit' as const,
      reason: null,
      index: { url: '/index', checkedAt: 1, parserVersion: 1, capture: null },
      items: [],
      rows: [{ ...row, ...lineage }],
    };
    const descriptor = await versions.write(next);
    expect(await versions.commit(descriptor, undefined, 'run', descriptor.createdAt)).toBe('committed');
  }

  async function query(sql: string) {
    const verified = openVerifiedFiles(`${it_.directory}/lake`, it_.lake);
    const warehouse = await openLocalWarehouse({
      directory: it_.directory,
      lake: it_.lake,
      state: it_.state,
      clock: { now: () => NOW, sleep: async () => {} },
      sources: [source(SCHEMAS[2])],
      verified,
    });
    try {
      return await warehouse.query(sql);
    } finally {
      await warehouse.close();
      verified.close();
    }
  }

  it('is one table of today, whichever partition is asked', async () => {
    await commit(SCHEMAS[0], '2025-11-15', { id: 'a', grade: 1, prize: 1675, code: 7, gone: 'x' });
    await commit(SCHEMAS[1], '2025-11-16', { id: 'b', grade: 2, prize: 1675.25, code: '007' });
    await commit(SCHEMAS[2], '2025-11-17', { id: 'c', grade: 3, prize: 2.5, code: 'x', going: 'soft' });
    const sql = 'SELECT code, id, going, grade, prize, date FROM racing_results ORDER BY date';
    for (let again = 0; again < 2; again++) {
      const { columns, rows } = await query(sql);
      expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
        ...['code VARCHAR', 'id VARCHAR', 'going VARCHAR', 'grade BIGINT', 'prize DECIMAL(8,2)', 'date DATE'],
      ]);
      expect(rows).toEqual([
        { code: '7', id: 'a', going: null, grade: 1, prize: 1675, date: '2025-11-15' },
        { code: '007', id: 'b', going: null, grade: 2, prize: 1675.25, date: '2025-11-16' },
        { code: 'x', id: 'c', going: 'soft', grade: 3, prize: 2.5, date: '2025-11-17' },
      ]);
    }
    await expect(query('SELECT gone FROM racing_results')).rejects.toThrow(/"gone" not found/);
  });

  it('tells the table, the column, the file and the value that today would lose', async () => {
    await commit(SCHEMAS[1], '2025-11-16', { id: 'b', grade: 2, prize: 1675.255, code: '007' });
    await commit(SCHEMAS[2], '2025-11-17', { id: 'c', grade: 3, prize: 2.5, code: 'x', going: 'soft' });
    await expect(query('SELECT sum(prize) FROM racing_results')).rejects.toThrow(
      /^the column prize of racing_results is DECIMAL\(8, 2\) today and was DOUBLE in the file \S+country=gb\/date=2025-11-16\/v-2025-11-16-0\.parquet, where it holds "1675\.255": scrape /,
    );
    expect((await query("SELECT prize FROM racing_results WHERE date = '2025-11-17'")).rows).toEqual([
      { prize: 2.5 },
    ]);
  });

  it('tells of a NULL that is of a file without the column, where every row should have a value', async () => {
    const { gone: _, ...shape } = SCHEMAS[0].shape;
    await commit(z.object(shape).omit({ code: true }), '2025-11-15', { id: 'a', grade: 1, prize: 1675 });
    await commit(SCHEMAS[2], '2025-11-17', { id: 'c', grade: 3, prize: 2.5, code: 'x', going: 'soft' });
    const note = 'code of racing_results is NULL in all rows of 1 of 2 files, which were written without it';
    expect((await query('SELECT * FROM racing_results')).notes).toEqual([note]);
    expect((await query('SELECT upper(code) FROM racing_results')).notes).toEqual([note]);
    expect((await query('SELECT code AS id, 1 AS code FROM racing_results')).notes).toEqual([note]);
    // Here "as" is the end of a comment, and no name is given.
    expect((await query('SELECT id, -- as\ncode FROM racing_results')).notes).toEqual([note]);
    // `going` may be NULL, and these do not ask for the code: a name that is given reads nothing.
    for (const other of ['id, going', 'count(*)', 'count(*) AS code', 'upper(id) as\n Code'])
      expect((await query(`SELECT ${other} FROM racing_results`)).notes).toBeUndefined();
  });
});
