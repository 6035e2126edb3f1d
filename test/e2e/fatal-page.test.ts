import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FailureStore } from '../../core/failures/failure-store.ts';
import type { DemoSite } from '../../demo/site.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import { currentRows, logRows } from './support/lake-reading.ts';
import { raceId } from './support/race-faults.ts';
import { playRun, type RunTask } from './support/run-process.ts';
import { DAY, settingsFor, startSmallSite } from './support/small-site.ts';

const GB = `country=gb/date=${DAY}`;
const IRE = `country=ire/date=${DAY}`;
const root = mkdtempSync(join(tmpdir(), 'rescrape-fatal-'));
let site: DemoSite;
let directory: string;
let tests = 0;

beforeAll(async () => {
  site = await startSmallSite();
});
beforeEach(() => {
  directory = join(root, `lake-${++tests}`);
});
afterAll(async () => {
  await site.close();
  rmSync(root, { recursive: true, force: true });
});

const run = (task: Partial<RunTask>) =>
  playRun({
    directory,
    env: settingsFor(site),
    request: { start: DAY, end: DAY, targets: ['gb', 'ire'] },
    ...task,
  });

async function failures() {
  const platform = openLocalPlatform({ directory, env: settingsFor(site) });
  const all = await Array.fromAsync(new FailureStore(platform.state).list('racing'));
  await platform.close();
  return all.map(({ target, item, code, state, message }) => ({ target, item, code, state, message }));
}

const notRead = (item: string, target = 'gb') => ({
  target,
  item,
  code: 'TOO_LARGE',
  state: 'open',
  message: expect.stringContaining('the process died twice'),
});

describe('a page that ends the process which reads it', () => {
  it.each([{ by: 'abort' }, { by: 'heap', heap: 100 }] as const)(
    'is left out the third time, as a failure, and its neighbours come ($by)',
    async ({ by, ...more }) => {
      const fatal = { items: [raceId({ site }, 1)], by };
      await expect(run({ fatal, ...more })).rejects.toThrow(/SIGABRT/);
      await expect(run({ fatal, ...more })).rejects.toThrow(/SIGABRT/);
      expect(await run({ fatal, ...more })).toMatchObject({ kind: 'finished' });
      expect(await failures()).toEqual([notRead(fatal.items[0]!)]);
      const rows = await currentRows(directory);
      expect(rows.get(GB)).toHaveLength(9);
      expect(rows.get(IRE)).toHaveLength(6);
      const attempts = await logRows(directory, 'attempts');
      expect(attempts.filter(({ item_id }) => item_id === fatal.items[0])).toMatchObject([
        { error_code: 'TOO_LARGE', attempt_number: 1, http_status_code: null },
      ]);
    },
  );

  it('is left out as well by the runs of the days after', async () => {
    const fatal = { items: [raceId({ site }, 1)], by: 'abort' } as const;
    const only = (...targets: string[]) => ({ request: { start: DAY, end: DAY, targets } });
    // Not asked for the same: none of these is the run before it taken up again.
    await expect(run({ fatal })).rejects.toThrow(/SIGABRT/);
    await expect(run({ fatal, ...only('gb') })).rejects.toThrow(/SIGABRT/);
    for (const request of [{}, only('gb')]) {
      expect(await run({ fatal, ...request })).toMatchObject({ kind: 'finished' });
      expect(await failures()).toEqual([notRead(fatal.items[0]!)]);
    }
    expect((await currentRows(directory)).get(GB)).toHaveLength(9);
    // Nothing else about the partition is different.
    expect(await run({})).toMatchObject({ kind: 'finished' });
    expect((await currentRows(directory)).get(GB)).toHaveLength(9);
    expect(await run({ request: { ...only('gb').request, force: true } })).toMatchObject({
      kind: 'finished',
    });
    expect((await currentRows(directory)).get(GB)).toHaveLength(12);
    expect(await failures()).toMatchObject([{ state: 'recovered' }]);
    expect(await run({})).toMatchObject({ kind: 'finished' });
    expect(await failures()).toMatchObject([{ state: 'recovered' }]);
  });

  it('costs one more death for each further page of its kind', async () => {
    const fatal = { items: [raceId({ site }, 0), raceId({ site }, 2)], by: 'abort' } as const;
    for (let death = 1; death <= 3; death++) await expect(run({ fatal })).rejects.toThrow(/SIGABRT/);
    expect(await run({ fatal })).toMatchObject({ kind: 'finished' });
    expect((await failures()).map(({ item }) => item).sort()).toEqual([...fatal.items].sort());
    expect((await currentRows(directory)).get(GB)).toHaveLength(6);
  });

  it('may be an index: then the day has failed and says so', async () => {
    const fatal = { items: ['index'], by: 'abort' } as const;
    const ends: unknown[] = [];
    for (let death = 1; death <= 4; death++) ends.push(await run({ fatal }).catch(({ message }) => message));
    expect(ends.at(-1)).toMatchObject({ kind: 'finished' });
    expect(await failures()).toEqual([notRead('index'), notRead('index', 'ire')]);
  });
});

describe('a process that was killed while it read nothing', () => {
  it('leaves nothing out, however often', async () => {
    for (let death = 1; death <= 3; death++)
      expect(await run({ kill: { phase: 'before', at: 6 } })).toBe('killed');
    expect(await run({})).toMatchObject({ kind: 'finished' });
    expect(await failures()).toEqual([]);
    expect((await currentRows(directory)).get(GB)).toHaveLength(12);
  });
});
