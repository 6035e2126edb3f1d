import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordsDirectory, session, student, tutor } from './support/records.ts';

interface DeadLetter {
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

const names = async (...words: string[]) =>
  (await records.entities(...words)).map(({ kind, key }) => `${kind}/${key}`);
const deadLetters = () => records.items<DeadLetter>('dead-letters', 'list');

describe('dead letters of records', () => {
  beforeEach(async () => {
    await records.push('tutor', [tutor('t-1', { status: null }), tutor('t-2')]);
    await records.work();
  });

  it('stand beside the failed items, with the record as it came and what is wrong with it', async () => {
    const [first, ...others] = await deadLetters();
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      id: expect.stringMatching(/^tutor\/[0-9a-f-]{36}$/),
      kind: 'tutor',
      status: 'dead',
      errors: [expect.stringContaining('status')],
      next: `rescrape enrich push --kind tutor FILE --local ${records.lake}`,
    });
    const shown = await records.items<{ bodies: string[] }>('dead-letters', 'show', first!.id);
    expect(JSON.parse(shown[0]!.bodies[0]!)).toMatchObject({ kind: 'tutor', record: { tutor_id: 't-1' } });
    const text = (await records.cli('dead-letters', 'show', first!.id)).stdout;
    expect(text).toMatch(/^error {4}status/m);
    expect(text).toContain('"tutor_id":"t-1"');
    expect(text).toMatch(/^redrive {2}checks it again as it is$/m);
  });

  it('are listed oldest first, whatever their kinds', async () => {
    await records.push('student', [student('u-1', { name: null })]);
    await records.work();
    await records.push('tutor', [tutor('t-3', { status: null })]);
    await records.work();
    expect((await deadLetters()).map(({ kind }) => kind)).toEqual(['tutor', 'student', 'tutor']);
  });

  it('are left out where the list is narrowed to failed items, and alone where it is narrowed to a kind', async () => {
    const list = async (...words: string[]) =>
      await records.items<DeadLetter>('dead-letters', 'list', ...words);
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
    expect(await deadLetters()).toHaveLength(1);
    const { stdout } = await records.cli('dead-letters', 'redrive');
    expect(stdout).toContain('1 record back in the queue of its kind, due at once');
    expect(await deadLetters()).toEqual([]);
    expect((await records.work()).stdout).toContain('processed=1, enriched=0, persisted=0, failed=1');
    expect(await deadLetters()).toHaveLength(1);
  });

  it('are deleted for good with --confirm', async () => {
    const dry = await records.cli('dead-letters', 'purge', '--kind', 'tutor');
    expect(dry.stdout).toContain('1 dead letter would be deleted');
    expect(dry.stdout).toContain('rescrape dead-letters purge --kind tutor --confirm');
    expect(await deadLetters()).toHaveLength(1);
    await records.cli('dead-letters', 'purge', '--kind', 'tutor', '--confirm');
    expect(await deadLetters()).toEqual([]);
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
  expect(await deadLetters()).toEqual([]);
  expect((await records.work()).stdout).toBe('');
  expect((await records.cli('reset', '--dry-run')).stdout).toContain('there is nothing to forget');
});

describe('enrich stats', () => {
  it('refuses an end that lies before the start', async () => {
    const words = ['--start', '2026-11-22', '--end', '2026-11-20'];
    expect(await records.cli('enrich', 'stats', ...words)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the end 2026-11-20 lies before the start 2026-11-22'),
    });
  });

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
