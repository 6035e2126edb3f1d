import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { feedback, RecordsDirectory, session, student, tutor } from './support/records.ts';

interface Items<T> {
  readonly items: readonly T[];
}
interface Stored {
  readonly kind: string;
  readonly key: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly derived: Readonly<Record<string, unknown>>;
}
interface Letter {
  readonly id: string;
  readonly status: string;
  readonly kind: string | null;
  readonly errors: readonly string[];
  readonly next: string | null;
}

let records: RecordsDirectory;
beforeEach(() => {
  records = new RecordsDirectory();
});
afterEach(() => records.remove());

const letters = async () => (await records.json<Items<Letter>>('dead-letters', 'list')).items;
const stored = async (...words: string[]) =>
  (await records.json<Items<Stored>>('entities', 'list', ...words)).items;
const names = async (...words: string[]) => (await stored(...words)).map(({ kind, key }) => `${kind}/${key}`);

describe('enrich push', () => {
  it('puts the records of a file into the queue of their kind, and a worker stores them with what is derived', async () => {
    const said = await records.push('tutor', [tutor('t-1'), '', tutor('t-2')]);
    expect(said).toEqual({
      code: 0,
      stdout: '2 records pushed into the queue of tutor (feed pushed), 0 refused; a worker stores them\n',
      stderr: expect.any(String),
    });
    expect(await names()).toEqual([]);
    const worked = await records.work();
    expect(worked.code).toBe(0);
    expect(worked.stdout).toMatch(
      /^Stats: processed=2, enriched=2, persisted=2, failed=0, batches=1, rate=\d+\.\d msg\/s\n$/,
    );
    expect(worked.stderr).toContain('enrichment, at the end: 0 due, 0 waiting, 0 under way');
    expect(await stored()).toMatchObject([
      { kind: 'tutor', key: 't-1', record: tutor('t-1'), derived: { subject_count: 2 } },
      { kind: 'tutor', key: 't-2' },
    ]);
  });

  it('tells the number of each line that is no message, pushes the others, and ends 1', async () => {
    const huge = { ...tutor('t-3'), bio: 'x'.repeat(300_000) };
    const said = await records.push('tutor', [tutor('t-1'), 'nonsense', '[1]', '"text"', huge, tutor('t-2')]);
    expect(said.code).toBe(1);
    expect(said.stderr).toMatch(
      /line 2: not JSON\nline 3: not a JSON object\nline 4: not a JSON object\nline 5: a message of \d+ bytes; it may have 1 to 262144\n/,
    );
    expect(said.stderr).toContain('rescrape: 4 of 6 lines were not pushed; mend these lines');
    await records.work();
    expect(await names()).toEqual(['tutor/t-1', 'tutor/t-2']);
  });

  it('tells programs the same', async () => {
    const file = records.file([tutor('t-1'), '{']);
    const { code, stdout } = await records.cli('enrich', 'push', '--kind', 'tutor', file, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      kind: 'tutor',
      feed: 'pushed',
      pushed: 1,
      refused: 1,
      problems: [{ line: 2, problem: 'not JSON' }],
    });
  });

  it.each([
    [['--kind', 'nothing'], 'there is no kind "nothing"; there is: tutor, student, session, feedback'],
    [[], '--kind is missing'],
    [['--kind', 'tutor', '--feed', 'a/b'], '--feed "a/b": not an identifier'],
    [['--kind', 'tutor', '--feed', 'null'], '--feed "null": query engines read this word in a path'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await records.cli('enrich', 'push', ...words, records.file([tutor('t-1')]));
    expect(code).toBe(2);
    expect(stderr).toContain(`rescrape: ${message}`);
  });

  it('keeps the order of the file: of two records of one key the later one stays', async () => {
    await records.push(
      'student',
      Array.from({ length: 25 }, (_, n) => student('u-1', { age: n })),
    );
    await records.work();
    expect(await stored()).toMatchObject([{ key: 'u-1', record: { age: 24 } }]);
  });
});

describe('a worker of enrichment', () => {
  it('tells its statistics every ten batches and at its end', async () => {
    await records.push(
      'student',
      Array.from({ length: 203 }, (_, n) => student(`u-${n}`)),
    );
    const { stdout } = await records.work();
    expect(stdout.match(/processed=\d+/g)).toEqual(['processed=100', 'processed=200', 'processed=203']);
    const lines = (await records.work('--json')).stdout;
    expect(lines).toBe('');
  });

  it('tells of each record that it does not store, and counts it as failed', async () => {
    await records.push('tutor', [tutor('t-1', { name: null, email: null })]);
    await records.push('session', [session('s-1', { tutor_id: 't-9' })]);
    const { stdout } = await records.work();
    expect(stdout).toMatch(/^tutor of message \S+ is dead: .*name.*email.*$/m);
    expect(stdout).toContain('session/s-1 is parked: it waits for tutor/t-9, student/u-1\n');
    expect(stdout).toContain('processed=2, enriched=1, persisted=0, failed=2, batches=2,');
  });

  it('tells programs the same, an object a line', async () => {
    await records.push('student', [student('u-1', { name: 5 })]);
    const { stdout } = await records.work('--json');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({
        kind: 'student',
        entity: null,
        result: 'dead',
        errors: [expect.any(String)],
      }),
      { processed: 1, enriched: 0, persisted: 0, failed: 1, batches: 1, rate: expect.any(Number) },
    ]);
  });

  it('leaves what it was not asked for alone', async () => {
    await records.push('student', [student('u-1')]);
    const { code, stdout } = await records.cli('worker', '--only', 'retries', '--once');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(await names()).toEqual([]);
    expect((await records.cli('worker', '--only', 'nothing')).code).toBe(2);
    await records.cli('worker', '--once');
    expect(await names()).toEqual(['student/u-1']);
  });

  it('is not for a stack', async () => {
    const { code, stderr } = await records.cli('--stack', 'x', 'worker');
    expect(code).toBe(2);
    expect(stderr).not.toBe('');
  });
});

describe('parked records', () => {
  beforeEach(async () => {
    await records.push('feedback', [feedback('f-1')]);
    await records.push('session', [session('s-1')]);
    await records.push('student', [student('u-1')]);
    await records.work();
  });

  it('are listed and shown, with what they wait for and what to do', async () => {
    const { items } = await records.json<Items<object>>('parked', 'list');
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
    expect((await records.json<Items<object>>('parked', 'list', '--feed', 'other')).items).toEqual([]);
  });

  it('are taken up when the record comes that they wait for, a chain of them as well', async () => {
    await records.push('tutor', [tutor('t-1')]);
    await records.work();
    expect(await names()).toEqual(['tutor/t-1', 'student/u-1', 'session/s-1', 'feedback/f-1']);
    expect((await records.json<Items<object>>('parked', 'list')).items).toEqual([]);
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
    expect((await records.json<Items<object>>('parked', 'list')).items).toHaveLength(2);
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
    const shown = await records.json<Stored>('entities', 'show', 'tutor/t-1');
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
    expect((await records.json<Items<object>>('parked', 'list')).items).toMatchObject([{ key: 's-3' }]);
    expect((await records.cli('entities', 'delete', 'tutor/t-1', '--confirm')).code).toBe(1);
  });
});

describe('enrich stats', () => {
  it('has the statistics of worker, engine and persister, and they add up', async () => {
    await records.push('tutor', [tutor('t-1'), tutor('t-1'), tutor('t-2', { subjects: 'Algebra' })]);
    await records.push('session', [session('s-1')]);
    await records.work();
    const stats = await records.json('enrich', 'stats');
    expect(stats).toMatchObject({
      worker: { processed: 4, enriched: 3, persisted: 2, failed: 2, batches: 2 },
      engine: {
        total_enriched: 3,
        total_failed: 1,
        by_type: {
          tutor: {
            success: 2,
            failed: 1,
            enricher_stats: {
              enrichments_attempted: 3,
              enrichments_successful: 2,
              enrichments_failed: 1,
            },
          },
          feedback: { success: 0, failed: 0 },
        },
      },
      persister: {
        total_persisted: 2,
        total_failed: 1,
        by_type: {
          tutor: { inserted: 1, updated: 0, failed: 0, unchanged: 1, dead: 1 },
          session: { inserted: 0, updated: 0, failed: 1, parked: 1 },
        },
      },
    });
    const earlier = await records.json<{ worker: object }>('enrich', 'stats', '--end', '2026-11-21');
    expect(earlier.worker).toMatchObject({ processed: 0 });
    const csv = (await records.cli('enrich', 'stats', '--csv')).stdout;
    expect(csv).toMatch(/^kind,processed,enriched,failed,inserted,/);
    expect((await records.cli('enrich', 'stats')).stdout).toMatch(/tutor .* 3 /);
  });
});

describe('dead letters of records', () => {
  beforeEach(async () => {
    await records.push('tutor', [tutor('t-1', { status: null }), tutor('t-2')]);
    await records.work();
  });

  it('stand beside the failed items, with the record as it came and what is wrong with it', async () => {
    const [letter, ...others] = await letters();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      id: expect.stringMatching(/^tutor\/[0-9a-f-]{36}$/),
      kind: 'tutor',
      status: 'dead',
      errors: [expect.stringContaining('status')],
      next: `rescrape enrich push --kind tutor FILE --local ${records.lake}`,
    });
    const shown = (await records.json<Items<{ bodies: string[] }>>('dead-letters', 'show', letter!.id)).items;
    expect(JSON.parse(shown[0]!.bodies[0]!)).toMatchObject({ kind: 'tutor', record: { tutor_id: 't-1' } });
    const text = (await records.cli('dead-letters', 'show', letter!.id)).stdout;
    expect(text).toMatch(/^error {4}status/m);
    expect(text).toContain('"tutor_id":"t-1"');
    expect(text).toMatch(/^redrive {2}checks it again as it is$/m);
  });

  it('are listed oldest first, whatever their kinds', async () => {
    await records.push('student', [student('u-1', { name: null })]);
    await records.work();
    await records.push('tutor', [tutor('t-3', { status: null })]);
    await records.work();
    expect((await letters()).map(({ kind }) => kind)).toEqual(['tutor', 'student', 'tutor']);
  });

  it('are left out where the list is narrowed to failed items, and alone where it is narrowed to a kind', async () => {
    const list = async (...words: string[]) =>
      (await records.json<Items<Letter>>('dead-letters', 'list', ...words)).items;
    expect(await list('--source', 'racing')).toEqual([]);
    expect(await list('--code', 'TIMEOUT')).toEqual([]);
    expect(await list('--kind', 'tutor')).toHaveLength(1);
    expect(await list('--kind', 'student')).toEqual([]);
    expect((await records.cli('dead-letters', 'list', '--kind', 'tutor', '--source', 'racing')).code).toBe(2);
    expect((await records.cli('dead-letters', 'list', '--kind', 'nothing')).code).toBe(2);
  });

  it('go back into the queue of their kind, where they are checked again', async () => {
    const dry = await records.json<object>('dead-letters', 'redrive', '--dry-run');
    expect(dry).toMatchObject({
      dry_run: true,
      redriven: [{ id: expect.stringMatching(/^tutor\//) }],
      left: [],
    });
    expect(await letters()).toHaveLength(1);
    const { stdout } = await records.cli('dead-letters', 'redrive');
    expect(stdout).toContain('1 record back in the queue of its kind, due at once');
    expect(await letters()).toEqual([]);
    expect((await records.work()).stdout).toContain('processed=1, enriched=0, persisted=0, failed=1');
    expect(await letters()).toHaveLength(1);
  });

  it('are deleted for good with --confirm', async () => {
    const dry = await records.cli('dead-letters', 'purge', '--kind', 'tutor');
    expect(dry.stdout).toContain('1 dead letter would be deleted');
    expect(dry.stdout).toContain('rescrape dead-letters purge --kind tutor --confirm');
    expect(await letters()).toHaveLength(1);
    await records.cli('dead-letters', 'purge', '--kind', 'tutor', '--confirm');
    expect(await letters()).toEqual([]);
    expect((await records.work()).stdout).toBe('');
  });
});

it('reset forgets the records and their queues, and says what that is', async () => {
  await records.push('tutor', [tutor('t-1'), tutor('t-2', { name: null })]);
  await records.push('session', [session('s-1')]);
  await records.work();
  await records.push('student', [student('u-1')]);
  const said = (await records.cli('reset', '--dry-run')).stdout;
  expect(said).toMatch(/entities +│ +1 /);
  expect(said).toMatch(/parked records +│ +1 /);
  expect(said).toMatch(/queued records +│ +1 /);
  expect(said).toMatch(/dead letters +│ +1 /);
  await records.cli('reset', '--confirm');
  expect(await names()).toEqual([]);
  expect(await letters()).toEqual([]);
  expect((await records.work()).stdout).toBe('');
  expect((await records.cli('reset', '--dry-run')).stdout).toContain('there is nothing to forget');
});
