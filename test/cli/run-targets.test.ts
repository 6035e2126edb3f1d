import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { testClock } from '../e2e/support/test-time.ts';
import { DAY_MS, DistrictsDirectory, HOUR_MS, TIMEOUT } from './support/districts.ts';
import { ALDER, BIRCH, CEDAR, OXNARD, withHistory } from './support/target-history.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

const lake = DistrictsDirectory.forEachTest();
const say = (...words: readonly string[]) => lake.say('targets', ...words);

describe('run --dry-run of targets that are crawled one by one', () => {
  interface Plan {
    readonly partitions: readonly { readonly partition: string; readonly targets?: readonly string[] }[];
    readonly left_out: readonly { readonly target: string; readonly reason: string }[];
  }
  const plan = async (...words: readonly string[]) => {
    const [made] = await lake.items<Plan>('run', 'districts', '--dry-run', ...words);
    return {
      targets: made!.partitions.flatMap(({ targets = [] }) => targets),
      leftOut: Object.fromEntries(made!.left_out.map(({ target, reason }) => [target, reason])),
    };
  };

  it('plans what is due, and tells of each other target why it is left out', async () => {
    await withHistory(lake);
    expect(await plan()).toEqual({
      targets: [ALDER],
      leftOut: { [BIRCH]: 'SCHEDULED', [CEDAR]: 'FAILED', [OXNARD]: 'NEEDS_URL' },
    });
    expect((await plan('--all')).targets).toEqual([ALDER, BIRCH]);
    const { stdout } = await lake.say('run', 'districts', '--dry-run');
    expect(stdout).toMatch(/ {2}districts\/CA\/\S+ \(1 target: 0600001\)\n/);
    expect(stdout).toContain(`districts/${CEDAR} is left out: FAILED\n`);
    expect(stdout).toContain('  left out: 1 SCHEDULED, 1 NEEDS_URL, 1 FAILED\n');
  });

  it('plans those that are named, due or not: flags, pauses and the gap hold; a filter stays one', async () => {
    await withHistory(lake);
    expect(await plan('--target', BIRCH)).toEqual({ targets: [BIRCH], leftOut: {} });
    const file = join(lake.path, 'named.csv');
    await writeFile(file, ['target', ALDER, BIRCH, CEDAR].join('\n'));
    expect(await plan('--targets', file)).toEqual({
      targets: [ALDER, BIRCH],
      leftOut: { [CEDAR]: 'FAILED' },
    });
    expect(await plan('--tier', 'tier2')).toEqual({ targets: [], leftOut: { [BIRCH]: 'SCHEDULED' } });
    const ofCalifornia = await plan('--target', 'CA');
    expect(ofCalifornia).toEqual({ targets: [ALDER, BIRCH], leftOut: { [OXNARD]: 'NEEDS_URL' } });
    expect((await plan('--target', 'CA', '--tier', 'tier2')).targets).toEqual([BIRCH]);
    await lake.change(BIRCH, (record) => ({ ...record, releasedAt: testClock.now() - 1000 }));
    expect(await plan('--target', BIRCH)).toEqual({ targets: [], leftOut: { [BIRCH]: 'TOO_RECENT' } });
    expect(await plan('--target', 'CA')).toMatchObject({ leftOut: { [BIRCH]: 'TOO_RECENT' } });
    await lake.change(BIRCH, (record) => ({ ...record, status: 'paused' }));
    expect(await plan('--targets', file)).toMatchObject({ leftOut: { [BIRCH]: 'PAUSED' } });
    expect(await plan('--target', 'CA')).toMatchObject({ leftOut: { [BIRCH]: 'PAUSED' } });
    await lake.say('skip', 'add', 'districts', ALDER, '--reason', 'hail');
    expect(await plan('--target', 'CA')).toMatchObject({ targets: [], leftOut: { [ALDER]: 'SKIPPED' } });
  });

  it('says why no target is due, and until when', async () => {
    await withHistory(lake);
    await say('pause', 'districts', ALDER);
    const { code, stdout } = await lake.say('run', 'districts');
    const tomorrow = new Date(testClock.now() + DAY_MS);
    const next = new Date(Math.ceil(tomorrow.getTime() / 60_000) * 60_000).toISOString().slice(0, 16);
    expect([code, stdout]).toEqual([
      0,
      `no target of districts is due: 1 scheduled, the next at ${next}Z; 1 paused; 1 failed too often; 1 without an address; ask for what they lack: rescrape targets look-up districts\n`,
    ]);
    await lake.change(BIRCH, (record) => ({ ...record, releasedAt: testClock.now() - 1000 }));
    const all = await lake.say('run', 'districts', '--all', '--state', 'CA', '--tier', 'tier2');
    expect(all.stdout).toMatch(
      /^no target of districts is due: 1 crawled less than 2 minutes ago, the next at \S+Z\n$/,
    );
  });

  it('leaves sources out that have no such targets, where none is named', async () => {
    const plans = await lake.items('run', '--dry-run', '--state', 'CA', '--tier', 'tier1');
    expect(plans.map(({ source }) => source)).toEqual(['districts']);
    expect(await lake.say('run', '--dry-run', '--state', 'TX')).toMatchObject({
      code: 2,
      stderr: 'rescrape: no target has the state "TX"; there is: CA, IL\n',
    });
    expect(await lake.say('run', '--dry-run', '--state', 'IL', '--tier', 'tier2')).toMatchObject({
      code: 2,
      stderr: 'rescrape: no target has this state and this tier; leave --state or --tier away\n',
    });
    expect(await lake.say('run', 'racing', 'districts', '--dry-run', '--state', 'CA')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no target of racing has the state "CA"; none has a state at all'),
    });
  });

  it('plans those that are asked for: by state, tier, name, and by a file', async () => {
    expect((await plan('--state', 'il')).targets).toEqual([CEDAR]);
    expect((await plan('--tier', 'tier1', 'tier2', '--state', 'CA')).targets).toEqual([ALDER, BIRCH]);
    expect((await plan('--target', BIRCH)).targets).toEqual([BIRCH]);
    await lake.attempts(
      { target: CEDAR, ago: HOUR_MS, ...TIMEOUT },
      { target: BIRCH, ago: HOUR_MS, ...TIMEOUT },
    );
    const file = join(lake.path, 'retry.csv');
    await lake.say('retry-list', 'districts', '--csv', file);
    expect((await plan('--targets', file)).targets).toEqual([BIRCH, CEDAR]);
    expect((await plan('--targets', file, '--tier', 'tier2')).targets).toEqual([BIRCH]);
    expect((await say('import', 'districts', file)).stdout).toContain('0 created, 0 updated, 2 unchanged');
  });

  it.each([
    [['--state', 'TX'], 'no target of districts has the state "TX"; there is: CA, IL'],
    [['--tier', 'x'], 'no target of districts has the tier "x"; there is: tier1, tier2, tier3'],
    [['--target', 'x'], 'source districts has no target "x"; it has: 0600001'],
  ])('%j is wrong usage and lists what there is', async (words, message) => {
    const { code, stderr } = await lake.say('run', 'districts', '--dry-run', ...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('refuses a file with targets that are not registered', async () => {
    const file = join(lake.path, 'other.csv');
    await writeFile(file, `district_id\n${ALDER}\n0699999\n`);
    const { code, stderr } = await lake.say('run', 'districts', '--dry-run', '--targets', file);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/1 target of .*other.csv that districts has not: 0699999; /),
    ]);
  });
});
