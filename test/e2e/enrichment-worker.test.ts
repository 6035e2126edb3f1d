import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordsDirectory, session, student, tutor } from '../cli/support/records.ts';
import { type StartedCommand, startCommand } from './support/command-line.ts';
import { testClock } from './support/test-time.ts';

let records: RecordsDirectory;
beforeEach(() => {
  records = new RecordsDirectory();
});
afterEach(() => records.remove());

/** `aheadMs`: by how much the clock of the process goes fast. */
function start(words: readonly string[], aheadMs = 0): StartedCommand {
  const now = new Date(testClock.now() + aheadMs).toISOString();
  return startCommand(['--local', records.lake, ...words], { RESCRAPE_NOW: now }, records.path);
}

const work = (aheadMs = 0, ...words: string[]) =>
  start(['worker', '--only', 'enrichment', ...words], aheadMs);

/** Resolves when the command has printed something that matches; rejects where it ends before. */
function printed(
  { child, ended }: StartedCommand,
  what: RegExp,
  stream: 'stdout' | 'stderr' = 'stdout',
): Promise<void> {
  let text = '';
  return new Promise((resolve, reject) => {
    child[stream]!.on('data', (chunk) => {
      text += String(chunk);
      if (what.test(text)) resolve();
    });
    void ended.then(
      ({ stderr }) => reject(new Error(`it ended, and never printed ${what}: ${stderr}`)),
      reject,
    );
  });
}

const count = async (): Promise<number> => {
  const items = await records.items<{ entities: number }>('entities', 'count');
  return items.reduce((sum, { entities }) => sum + entities, 0);
};

const MANY = 6000;
const pushMany = () =>
  records.push(
    'student',
    Array.from({ length: MANY }, (_, n) => student(`u-${n}`)),
  );

describe('rescrape worker, of records', () => {
  it('ends after the batch in hand when it is interrupted, and loses and leaves nothing half done', async () => {
    await pushMany();
    const worker = work();
    await printed(worker, /Stats: processed=100,/);
    worker.child.kill('SIGINT');
    const { code, stdout, stderr } = await worker.ended;
    expect(code).toBe(0);
    const stored = await count();
    expect(stored).toBeGreaterThanOrEqual(100);
    expect(stored).toBeLessThan(MANY);
    expect(stdout.trimEnd().split('\n').at(-1)).toContain(`Stats: processed=${stored}, enriched=${stored},`);
    expect(stderr).toContain(`enrichment, at the end: ${MANY - stored} due, 0 waiting, 0 under way`);
  });

  it('does not end as if all were done when it is interrupted and was to do what is due', async () => {
    await pushMany();
    const worker = work(0, '--once');
    await printed(worker, /Stats: processed=100,/);
    worker.child.kill('SIGINT');
    const { code, stderr } = await worker.ended;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringContaining('rescrape: interrupted; the same command does the rest'),
    });
    expect(await count()).toBeLessThan(MANY);
  });

  it('is taken over by another one when it is killed, which stores what it had in hand a minute later', async () => {
    await pushMany();
    const killed = work();
    await printed(killed, /Stats: processed=200,/);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const other = await work(0, '--once').ended;
    expect(other.code).toBe(0);
    expect((await work(120_000, '--once').ended).stderr).toContain(
      'at the end: 0 due, 0 waiting, 0 under way',
    );
    expect(await count()).toBe(MANY);
  });

  it('gives up on a record that has waited for seven days: it is a dead letter, which goes back into the queue', async () => {
    await records.push('session', [session('s-1')]);
    await records.work();
    const DAY_MS = 86_400_000;
    await work(6 * DAY_MS, '--once').ended;
    expect(await records.items('parked', 'list')).toHaveLength(1);
    await work(8 * DAY_MS, '--once').ended;
    expect(await records.items('parked', 'list')).toEqual([]);
    const items = await records.items('dead-letters', 'list');
    expect(items).toMatchObject([
      {
        kind: 'session',
        status: 'dead',
        errors: [
          expect.stringMatching(/^tutor\/t-1: did not come within 7 days/),
          expect.stringContaining('student/u-1'),
        ],
        next: expect.stringContaining('rescrape dead-letters redrive session/'),
      },
    ]);
    await records.push('tutor', [tutor('t-1')]);
    await records.push('student', [student('u-1')]);
    await records.cli('dead-letters', 'redrive', '--kind', 'session');
    await records.work();
    expect(await count()).toBe(3);
  });

  it('waits for what comes, and stores it at once; two share the work', async () => {
    const workers = [work(), work()];
    try {
      await Promise.all(workers.map((worker) => printed(worker, /at first/, 'stderr')));
      await records.push('session', [session('s-1')]);
      await records.push('tutor', [tutor('t-1')]);
      await records.push('student', [student('u-1')]);
      await expect.poll(count, { timeout: 60_000, interval: 20 }).toBe(3);
    } finally {
      for (const { child } of workers) child.kill('SIGTERM');
    }
    for (const { ended } of workers) expect((await ended).code).toBe(0);
  });
});
