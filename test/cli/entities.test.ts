import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { feedback, RecordsDirectory, type StoredRecord, session, student, tutor } from './support/records.ts';

let records: RecordsDirectory;
beforeEach(() => {
  records = new RecordsDirectory();
});
afterEach(() => records.remove());

const names = async (...words: string[]) =>
  (await records.entities(...words)).map(({ kind, key }) => `${kind}/${key}`);

describe('parked records', () => {
  beforeEach(async () => {
    await records.push('feedback', [feedback('f-1')]);
    await records.push('session', [session('s-1')]);
    await records.push('student', [student('u-1')]);
    await records.work();
  });

  it('are listed and shown, with what they wait for and what to do', async () => {
    const items = await records.items('parked', 'list');
    expect(items).toMatchObject([
      { kind: 'session', key: 's-1', missing: [{ kind: 'tutor', key: 't-1' }], feed: 'pushed' },
      { kind: 'feedback', key: 'f-1', missing: expect.arrayContaining([{ kind: 'session', key: 's-1' }]) },
    ]);
    const shown = await records.json<{ next: { command: string }[] }>('parked', 'show', 'session/s-1');
    expect(shown).toMatchObject({ record: session('s-1'), missing: [{ kind: 'tutor', key: 't-1' }] });
    expect(shown.next.map(({ command }) => command)).toEqual([
      `rescrape enrich push --kind tutor FILE --local ${records.lake}`,
      `rescrape parked retry session/s-1 --local ${records.lake}`,
    ]);
    const text = (await records.cli('parked', 'show', '--kind', 'session', 's-1')).stdout;
    expect(text).toContain('waits    for tutor/t-1');
    const csv = (await records.cli('parked', 'list', '--kind', 'feedback', '--csv')).stdout;
    expect(csv).toMatch(
      /^kind,key,feed,date,missing,parked_at,expires_at\r\nfeedback,f-1,pushed,2026-11-22,/,
    );
    expect(await records.items<object>('parked', 'list', '--feed', 'other')).toEqual([]);
  });

  it('are taken up when the record comes that they wait for, a chain of them as well', async () => {
    await records.push('tutor', [tutor('t-1')]);
    await records.work();
    expect(await names()).toEqual(['tutor/t-1', 'student/u-1', 'session/s-1', 'feedback/f-1']);
    expect(await records.items<object>('parked', 'list')).toEqual([]);
    expect((await records.cli('parked', 'list')).stdout).toBe('no parked records\n');
  });

  it('go back into their queue, and are parked again while nothing has changed', async () => {
    const { stdout } = await records.cli('parked', 'retry', 'session/s-1');
    expect(stdout).toContain('1 parked record back in the queue');
    expect(stdout).toContain('rescrape worker --only enrichment');
    expect(await records.json('parked', 'retry', '--kind', 'feedback')).toEqual({
      queued: 1,
      records: ['feedback/f-1'],
    });
    expect((await records.work()).stdout).toContain('persisted=0, failed=2');
    expect(await records.items<object>('parked', 'list')).toHaveLength(2);
  });

  it.each([
    [['parked', 'show', 'session/s-9'], 1, 'session/s-9 is not parked; see whether it is stored'],
    [['parked', 'retry', 'student/u-1'], 1, 'student/u-1 is not parked; see whether it is stored'],
    [['parked', 'show', 's-1'], 2, '"s-1" names no record; write kind/key, as in session/s-17'],
    [['parked', 'show', 'class/s-1'], 2, 'there is no kind "class"; there is: tutor, student'],
    [['entities', 'show', 'session/s-1'], 1, 'session/s-1 is not stored; see whether it waits'],
  ])('%j ends with one line', async (words, code, message) => {
    const said = await records.cli(...words);
    expect(said.code).toBe(code);
    expect(said.stderr).toContain(`rescrape: ${message}`);
  });
});

describe('entities', () => {
  beforeEach(async () => {
    await records.push('tutor', [tutor('t-1', { updated_at: '2026-11-22T08:00:00Z', note: '=1+1' })]);
    await records.push('student', [student('u-1'), student('u-2')], '--feed', 'north');
    await records.push('session', [
      session('s-1'),
      session('s-2', { scheduled_start: '2026-11-23T00:30:00+09:00' }),
    ]);
    await records.work();
  });

  it('are listed by kind, feed and date', async () => {
    expect(await names('--kind', 'session')).toEqual(['session/s-1', 'session/s-2']);
    expect(await names('--feed', 'north')).toEqual(['student/u-1', 'student/u-2']);
    expect(await names('--kind', 'session', '--start', '2026-11-22')).toEqual(['session/s-2']);
    expect(await names('--kind', 'session', '--end', '2026-11-22')).toEqual(['session/s-1']);
    const { stdout } = await records.cli('entities', 'list', '--kind', 'tutor');
    expect(stdout).toMatch(/tutor .* t-1 .* pushed .* 2026-11-22 /);
    expect((await records.cli('entities', 'list', '--start', '2026-02-29')).code).toBe(2);
    expect((await records.cli('entities', 'list', '--start', '2026-02-02', '--end', '2026-02-01')).code).toBe(
      2,
    );
  });

  it('come as CSV with the fields of their kind, printed or into a file', async () => {
    const { stdout } = await records.cli('entities', 'list', '--kind', 'session', '--csv');
    const [header, first] = stdout.split('\r\n');
    expect(header).toMatch(/^kind,key,feed,date,stored_at,message_id,session_id,tutor_id,.*,time_of_day,/);
    expect(first).toMatch(/^session,s-1,pushed,2026-11-21,/);
    const file = join(records.path, 'all.csv');
    const said = await records.cli('entities', 'list', '--csv', file);
    expect(said.stderr).toContain(`wrote 5 rows to ${file}`);
    expect(readFileSync(file, 'utf8')).toContain(
      'kind,key,feed,date,stored_at,message_id,record,derived\r\n',
    );
  });

  it('are shown and counted', async () => {
    const shown = await records.json<StoredRecord>('entities', 'show', 'tutor/t-1');
    expect(shown).toMatchObject({
      record: { note: '=1+1', updated_at: '2026-11-22T08:00:00Z' },
      derived: { is_active_today: true, subject_count: 2 },
      message: { source: 'push', origin: null },
      stored_at: expect.stringMatching(/^2026-11-22T12:/),
    });
    const text = (await records.cli('entities', 'show', '--kind', 'tutor', 't-1')).stdout;
    expect(text).toMatch(/^subject_count \(derived\) +2$/m);
    expect(await records.json('entities', 'count')).toEqual({
      items: [
        { kind: 'tutor', entities: 1 },
        { kind: 'student', entities: 2 },
        { kind: 'session', entities: 2 },
        { kind: 'feedback', entities: 0 },
      ],
    });
  });

  it('are deleted with --confirm, and what refers to one from then on is parked', async () => {
    const dry = await records.cli('entities', 'delete', 'tutor/t-1');
    expect(dry.stdout).toContain('1 record would be deleted: tutor/t-1');
    expect(dry.stdout).toContain('rescrape entities delete tutor/t-1 --confirm');
    expect(await names('--kind', 'tutor')).toEqual(['tutor/t-1']);
    expect(await records.json('entities', 'delete', '--kind', 'tutor', 't-1', '--confirm')).toEqual({
      dry_run: false,
      deleted: ['tutor/t-1'],
    });
    expect(await names('--kind', 'tutor')).toEqual([]);
    await records.push('session', [session('s-3')]);
    await records.work();
    expect(await records.items<object>('parked', 'list')).toMatchObject([{ key: 's-3' }]);
    expect((await records.cli('entities', 'delete', 'tutor/t-1', '--confirm')).code).toBe(1);
  });
});
