import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordsDirectory, session, student, tutor } from './support/records.ts';

let records: RecordsDirectory;
beforeEach(() => {
  records = new RecordsDirectory();
});
afterEach(() => records.remove());

const stored = (...words: string[]) => records.entities(...words);
const names = async (...words: string[]) =>
  (await records.entities(...words)).map(({ kind, key }) => `${kind}/${key}`);

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

  it('keeps every character of a text, those that some take for the end of a line as well', async () => {
    const name = 'a\u2028b\u2029c\u0085d\r\ne';
    await records.push('tutor', [tutor('t-1', { name })]);
    await records.work();
    expect(await stored()).toMatchObject([{ record: { name } }]);
  });

  it.each([
    ['publish', '--kind', 'tutor'],
    ['stats', '--kind', 'tutor'],
    ['push', '--kind', 'tutor', '--now', '2026-11-22', 'tutors.jsonl'],
    ['--now', '2026-11-22', 'stats'],
  ])('enrich %s refuses an option that only enrich itself has', async (...words) => {
    const said = await records.cli('enrich', ...words);
    const option = words.includes('--now') ? '--now' : '--kind';
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toContain(`unknown option '${option}'`);
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

/** The last line of a worker that has ended. */
const NOTHING_WAITS = { work: 'enrichment', due: 0, waiting: 0, under_way: 0, next_due_at: null };

describe('a worker of enrichment', () => {
  it('tells its statistics every ten batches and at its end', async () => {
    await records.push(
      'student',
      Array.from({ length: 203 }, (_, n) => student(`u-${n}`)),
    );
    const { stdout } = await records.work();
    expect(stdout.match(/processed=\d+/g)).toEqual(['processed=100', 'processed=200', 'processed=203']);
    const { stdout: nothing } = await records.work('--json');
    expect(JSON.parse(nothing)).toEqual(NOTHING_WAITS);
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
      NOTHING_WAITS,
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
