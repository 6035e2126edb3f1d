import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { testClock } from '../e2e/support/test-time.ts';
import { DAY_MS, DistrictsDirectory } from './support/districts.ts';
import { ALDER, BIRCH, CEDAR } from './support/target-history.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

const lake = DistrictsDirectory.forEachTest();
const add = (...words: readonly string[]) =>
  lake.say('skip', 'add', 'districts', ...words, '--reason', 'hail');
const remove = (...words: readonly string[]) => lake.say('skip', 'remove', 'districts', ...words);
const flagged = async () =>
  (await lake.items<{ target: string }>('skip', 'list', 'districts')).map(({ target }) => target);

describe('skip add', () => {
  it('flags several targets at once, with who, why and until when', async () => {
    const { stdout, code } = await add(ALDER, CEDAR, '--expires', '30d');
    expect([code, stdout.split('\n').length]).toEqual([0, 3]);
    const { skip } = await lake.record(ALDER);
    expect(skip).toMatchObject({ reason: 'hail', actor: expect.stringMatching(/./) });
    expect(skip!.expiresAt! - skip!.since).toBe(30 * DAY_MS);
    expect(await flagged()).toEqual([ALDER, CEDAR]);
  });

  it('says where a flag that would have ended by itself holds for good now', async () => {
    await add(ALDER, '--expires', '2031-06-01');
    expect((await add(ALDER)).stdout).toMatch(
      /is skipped from now on, for good \(it would have ended on 2031-06-01T05:00:00Z\): hail; it was skipped already/,
    );
    expect((await add(ALDER)).stdout).not.toContain('for good');
    expect((await add(BIRCH)).stdout).not.toContain('for good');
  });

  it('takes a date for its first moment in the time zone of the source', async () => {
    expect((await add(ALDER, '--expires', '2031-06-01')).code).toBe(0);
    expect((await lake.record(ALDER)).skip?.expiresAt).toBe(Date.parse('2031-06-01T05:00:00Z'));
  });

  it('flags all that are like what is asked for, or that a file lists', async () => {
    await add('--state', 'ca', '--tier', 'tier1', 'tier2');
    expect(await flagged()).toEqual([ALDER, BIRCH]);
    const file = join(lake.path, 'some.csv');
    await writeFile(file, `district_id;why\n${CEDAR};"x;y"\n`);
    await add('--targets', file);
    expect(await flagged()).toEqual([ALDER, BIRCH, CEDAR]);
  });

  it.each([
    [[], 'no target of districts is named; name some, or give --state, --tier, --targets'],
    [
      [ALDER, '--expires', 'soon'],
      '--expires "soon" is no time; write 90m, 12h, 30d, 2w or a date, YYYY-MM-DD',
    ],
    [[ALDER, '--expires', '2001-01-01'], '--expires "2001-01-01" is over already; give a later one'],
    [[ALDER, '--expires', '2031-02-30'], '--expires "2031-02-30" is no time; write 90m'],
    [['--state', 'TX'], 'no target of districts has the state "TX"; there is: CA, IL'],
    [['0699999'], 'source districts has no target "0699999"; it has: 0600001'],
  ])('%j is wrong usage, and flags nobody', async (words, message) => {
    const { code, stderr } = await add(...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`rescrape: ${message}`)]);
    expect(await flagged()).toEqual([]);
  });
});

describe('skip list', () => {
  it('calls targets by their names, as what changes them does', async () => {
    const named = [{ target: ALDER, name: 'Alder' }];
    expect(await lake.items('skip', 'add', 'districts', ALDER, '--reason', 'hail')).toMatchObject(named);
    expect(await lake.items('skip', 'list')).toMatchObject(named);
    expect(await lake.items('skip', 'remove', 'districts', ALDER)).toMatchObject(named);
  });
});

describe('skip remove', () => {
  it('lifts what is flagged, and says of the others that there was nothing to lift', async () => {
    await add(ALDER);
    expect(await remove(ALDER, BIRCH)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining(`districts/${ALDER} is scraped again`),
      stderr: `rescrape: districts/${BIRCH} is not skipped: there is nothing to lift; the others are changed\n`,
    });
    expect(await flagged()).toEqual([]);
    expect(await remove(ALDER, BIRCH)).toMatchObject({
      code: 1,
      stderr: `rescrape: districts/${ALDER} is not skipped: there is nothing to lift (and 1 more)\n`,
    });
    expect(JSON.parse((await remove(ALDER, '--json')).stderr)).toMatchObject({ error: { code: 'CONFLICT' } });
  });

  it('of those that are only described lifts the ones that are flagged', async () => {
    await add(ALDER, CEDAR);
    expect((await remove('--state', 'CA')).code).toBe(0);
    expect(await flagged()).toEqual([CEDAR]);
    expect(await remove('--state', 'CA')).toMatchObject({ code: 1 });
  });
});

describe('skip list', () => {
  it('narrows by reason and by what targets are like, and tells of a flag that has expired', async () => {
    await add(ALDER, CEDAR);
    await lake.say('skip', 'add', 'districts', BIRCH, '--reason', 'asked us', '--expires', '1h');
    const targets = async (...words: readonly string[]) =>
      (await lake.items<{ target: string }>('skip', 'list', ...words)).map(({ target }) => target);
    expect(await targets('--reason', 'hail')).toEqual([ALDER, CEDAR]);
    expect(await targets('--state', 'CA')).toEqual([ALDER, BIRCH]);
    await lake.change(BIRCH, (record) => ({
      ...record,
      skip: { ...record.skip!, expiresAt: testClock.now() - 1 },
    }));
    expect((await lake.say('skip', 'list', '--reason', 'asked')).stdout).toContain('(a probe may go)');
  });
});
