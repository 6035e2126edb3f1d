import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteWorkQueue } from '../../../adapters/local/sqlite-work-queue.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { workQueueContract } from '../../contracts/work-queue.contract.ts';
import { ManualClock } from '../../core/fetch/manual-clock.ts';

workQueueContract('the SQLite work queue', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-queue-'));
  const clock = new ManualClock();
  const queue = openSqliteWorkQueue({ file: join(directory, 'q', 'queue.sqlite'), clock, maxDeliveries: 3 });
  return {
    queue,
    maxDeliveries: 3,
    pass: (ms) => clock.advance(ms),
    async dispose() {
      queue.close();
      rmSync(directory, { recursive: true });
    },
  };
});

describe('the SQLite work queue', () => {
  let directory: string;
  let clock: ManualClock;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rescrape-queue-'));
    clock = new ManualClock();
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const open = () => openSqliteWorkQueue({ file: join(directory, 'queue.sqlite'), clock, maxDeliveries: 3 });

  it('creates nothing before something is sent, however it is looked at', async () => {
    const queue = open();
    expect(await queue.receive({ max: 1, visibilityMs: 1000 })).toEqual([]);
    expect(await queue.depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
    expect(await Array.fromAsync(queue.deadLetters())).toEqual([]);
    await queue.purge([]);
    await queue.clear();
    await queue.send([]);
    queue.close();
    expect(existsSync(join(directory, 'queue.sqlite'))).toBe(false);
  });

  it('hands over what a clock sent that was ahead', async () => {
    const queue = open();
    clock.set(365 * 86_400_000);
    await queue.send([{ body: 'then', delayMs: 2_700_000 }]);
    clock.set(-365 * 86_400_000);
    await queue.send([{ body: 'now', delayMs: 12 * 3_600_000 }]);
    expect(await queue.depth()).toEqual({ due: 1, delayed: 1, inFlight: 0, dead: 0 });
    expect(await queue.receive({ max: 2, visibilityMs: 1000 })).toMatchObject([{ body: 'then' }]);
    expect(await queue.receive({ max: 2, visibilityMs: 1000 })).toEqual([]);
    queue.close();
  });

  it('sees what another process has sent since it looked at nothing', async () => {
    const [reader, writer] = [open(), open()];
    expect(await reader.depth()).toMatchObject({ due: 0 });
    await writer.send([{ body: 'a', delayMs: 0 }]);
    expect(await reader.depth()).toMatchObject({ due: 1 });
    for (const queue of [reader, writer]) queue.close();
  });

  it('hands a message to one of two workers, never to both', async () => {
    const workers = [open(), open()];
    await workers[0]!.send(Array.from({ length: 30 }, (_, n) => ({ body: String(n), delayMs: 0 })));
    const got: string[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const received = await workers[turn % 2]!.receive({ max: 5, visibilityMs: 1000 });
      got.push(...received.map(({ body }) => body));
    }
    expect(new Set(got).size).toBe(30);
    for (const worker of workers) worker.close();
  });

  it('does not let go of a message for whoever had it before: it is somebody else’s by then', async () => {
    const queue = open();
    await queue.send([{ body: 'a', delayMs: 0 }]);
    const [late] = await queue.receive({ max: 1, visibilityMs: 1000 });
    await clock.advance(1000);
    const [again] = await queue.receive({ max: 1, visibilityMs: 1000 });
    await queue.acknowledge([late!]);
    await queue.release(late!, 0);
    expect(await queue.deadLetter(late!, 'too late')).toBe(false);
    expect(await queue.depth()).toEqual({ due: 0, delayed: 0, inFlight: 1, dead: 0 });
    await queue.acknowledge([again!]);
    expect(await queue.depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
    queue.close();
  });

  it('says what to do about a file that is no database', async () => {
    writeFileSync(join(directory, 'queue.sqlite'), 'this is no database, but it is long enough'.repeat(20));
    const queue = open();
    await expect(queue.depth()).rejects.toThrow(StorageError);
    await expect(queue.depth()).rejects.toThrow(/not a SQLite database; move it away/);
  });
});
