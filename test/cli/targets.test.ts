import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { testClock } from '../e2e/support/test-time.ts';
import { DAY_MS, DistrictsDirectory, HOUR_MS, TIMEOUT } from './support/districts.ts';

vi.mock('../../sources/index.ts', () => import('./support/sources-of-districts.ts'));

const [ALDER, BIRCH, CEDAR, OXNARD] = ['0600001', '0600002', '1700003', '0600004'];
const lake = DistrictsDirectory.forEachTest();
const say = (...words: readonly string[]) => lake.say('targets', ...words);

interface Target {
  readonly target: string;
  readonly schedule_status: string;
  readonly status: string;
}
const list = (...words: readonly string[]) => lake.items<Target>('targets', 'list', ...words);
const ids = async (...words: readonly string[]) => (await list(...words)).map(({ target }) => target);

/** Alder failed twice, Birch is due tomorrow, Cedar failed too often, Oxnard has no address. */
async function history(): Promise<void> {
  const now = testClock.now();
  await lake.change(ALDER, (record) => ({
    ...record,
    ...{ nextCrawlAt: now - HOUR_MS, lastCrawlAt: now - DAY_MS, lastFailureAt: now - DAY_MS },
    ...{ lastErrorCode: 'TIMEOUT', consecutiveFailures: 2, backoffMultiplier: 4 },
    ...{ totalAttempts: 8, totalSuccesses: 5 },
  }));
  await lake.change(BIRCH, (record) => ({
    ...record,
    ...{ nextCrawlAt: now + DAY_MS, lastCrawlAt: now - HOUR_MS, lastSuccessAt: now - HOUR_MS },
    ...{ recordCount: 3, totalAttempts: 1, totalSuccesses: 1 },
  }));
  await lake.change(CEDAR, (record) => ({
    ...record,
    ...{ status: 'failed', failedAt: now, consecutiveFailures: 10, failureNotes: 'ten in a row' },
  }));
}

describe('targets list', () => {
  it('tells how each stands, and sorts, pages and narrows', async () => {
    await history();
    const statuses = Object.fromEntries(
      (await list('districts')).map(({ target, schedule_status }) => [target, schedule_status]),
    );
    expect(statuses).toEqual({
      [ALDER]: 'DUE',
      [BIRCH]: 'SCHEDULED',
      [CEDAR]: 'FAILED',
      [OXNARD]: 'NEEDS_URL',
    });
    expect(await ids('districts', '--due')).toEqual([ALDER]);
    expect(await ids('--status', 'FAILED')).toEqual([CEDAR]);
    expect(await ids('--schedule-status', 'needs_url')).toEqual([OXNARD]);
    expect(await ids('--state', 'CA', '--tier', 'tier1', 'tier2')).toEqual([ALDER, BIRCH]);
    expect(await ids('districts', '--sort', '-consecutive_failures')).toEqual([CEDAR, ALDER, BIRCH, OXNARD]);
    expect(await ids('districts', '--sort', 'next_crawl_at')).toEqual([ALDER, BIRCH, OXNARD, CEDAR]);
    expect(await ids('districts', '--sort', '-target', '--limit', '2', '--offset', '1')).toEqual([
      OXNARD,
      BIRCH,
    ]);
    await lake.say('skip', 'add', 'districts', BIRCH, '--reason', 'hail');
    expect(await ids('--skipped')).toEqual([BIRCH]);
  });

  it('lists targets in the code as well, to which nothing has happened', async () => {
    expect(await ids('racing')).toEqual(['gb', 'ire', 'fr']);
    expect((await list('racing', '--due')).map(({ status }) => status)).toEqual([
      'active',
      'active',
      'active',
    ]);
  });

  it('shows a page, and how to see the next', async () => {
    await history();
    const { stdout } = await say('list', 'districts', '--limit', '3');
    expect(stdout).toMatch(/Alder.*CA.*tier1.*active.*DUE/);
    expect(stdout).toContain('│      62.5 │');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('3 of 4 targets; the next: --offset 3');
    expect((await say('list', 'districts', '--offset', '9')).stdout).toBe('there are 4 targets in all\n');
    const csv = (await say('list', 'districts', '--csv')).stdout.split('\r\n');
    expect([csv.length, csv[1]]).toEqual([
      6,
      expect.stringMatching(/^districts,0600001,Alder,CA,tier1,active,DUE,/),
    ]);
  });

  it.each([
    [['--status', 'ill'], 'there is no status "ill"; there is: active, degraded, paused, failed'],
    [['--schedule-status', 'x'], 'there is no schedule status "x"; there is: FAILED, PAUSED,'],
    [['--sort', 'colour'], 'there is no column "colour"; --sort takes: source, target,'],
    [['--state', 'TX'], 'no target has the state "TX"; there is: CA, IL'],
    [['--offset', '-1'], 'a whole number from 0'],
  ])('%j is wrong usage and lists what there is', async (words, message) => {
    const { code, stderr } = await say('list', ...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('targets pause, resume and set', () => {
  it('pauses with a reason, and takes back; what is that way already is told', async () => {
    expect((await say('pause', 'districts', ALDER, '--reason', 'the site moves')).code).toBe(0);
    expect(await say('pause', 'districts', ALDER, CEDAR)).toMatchObject({
      code: 3,
      stderr: `rescrape: districts/${ALDER} is paused already; the others are changed\n`,
    });
    expect(await ids('--status', 'paused')).toEqual([ALDER, CEDAR]);
    expect((await say('resume', 'districts', '--state', 'CA', 'IL', '--tier', 'tier1')).code).toBe(0);
    expect(await say('resume', 'districts', ALDER)).toMatchObject({
      code: 1,
      stderr: `rescrape: districts/${ALDER} is active: there is nothing to resume\n`,
    });
    const { stdout } = await say('show', 'districts', ALDER);
    expect(stdout).toMatch(/pause +│ active +│ paused +│ the site moves/);
    expect(stdout).toMatch(/resume +│ paused +│ active/);
  });

  it('resumes a target that failed, with its counts back at the beginning', async () => {
    await history();
    await say('resume', 'districts', CEDAR);
    expect(await lake.record(CEDAR)).toMatchObject({
      ...{ status: 'active', consecutiveFailures: 0, backoffMultiplier: 1, failureNotes: null },
    });
    expect(await ids('districts', '--due')).toEqual([ALDER, CEDAR]);
  });

  it('sets frequency, retries, name and attributes, each as an event', async () => {
    const words = [
      '--frequency',
      '120',
      '--max-retries',
      '5',
      '--attribute',
      'url=http://oxnard.example/',
      'enrollment=12',
    ];
    expect((await say('set', 'districts', OXNARD, ...words, '--reason', 'a call')).code).toBe(0);
    expect(await lake.record(OXNARD)).toMatchObject({
      ...{ crawlFrequencyMinutes: 120, maxRetries: 5 },
      attributes: { name: 'Oxnard', enrollment: 12, url: 'http://oxnard.example/' },
    });
    expect(await say('set', 'districts', OXNARD, ...words)).toMatchObject({
      code: 1,
      stderr: `rescrape: districts/${OXNARD} has these settings already\n`,
    });
    await say('set', 'districts', OXNARD, '--frequency', 'default', '--attribute', 'tier=');
    const { crawlFrequencyMinutes, attributes } = await lake.record(OXNARD);
    expect([crawlFrequencyMinutes, attributes?.tier]).toEqual([null, undefined]);
    const shown = (await lake.json('targets', 'show', 'districts', OXNARD)) as { events: object[] };
    expect(shown.events[1]).toMatchObject({ kind: 'set', reason: 'a call', at: expect.stringMatching(/Z$/) });
  });

  it.each([
    [['set', 'districts', ALDER], 2, 'there is nothing to set; give --frequency'],
    [
      ['set', 'districts', ALDER, '--frequency', '1'],
      2,
      'give a whole number from 2 to 525600, or "default"',
    ],
    [['set', 'districts', ALDER, '--max-retries', 'x'], 2, 'give a whole number from 0 to 10'],
    [
      ['set', 'districts', ALDER, '--attribute', 'colour=red'],
      2,
      'have no attribute "colour"; they have: name, state',
    ],
    [['set', 'districts', ALDER, '--attribute', 'tier'], 2, '--attribute "tier" is none; write name=value'],
    [['set', 'districts', ALDER, '--attribute', 'tier=tier9'], 2, `target ${ALDER}: tier: `],
    [['set', 'districts', ALDER, '--attribute', 'state='], 2, `target ${ALDER}: state: `],
    [['set', 'racing', 'gb', '--frequency', '60'], 2, 'racing is scraped day by day'],
    [['pause', 'districts'], 2, 'no target of districts is named'],
    [['show', 'districts', '0699999'], 2, 'source districts has no target "0699999"'],
  ])('%j changes nothing and says why', async (words, exitCode, message) => {
    const { code, stderr } = await say(...words);
    expect([code, stderr]).toEqual([exitCode, expect.stringContaining(message)]);
    expect((await lake.record(ALDER)).attributes).toMatchObject({ state: 'CA', tier: 'tier1' });
  });
});

describe('targets of a source that reads raw rows', () => {
  const DELTA = '0634320';
  const ECHO = '0634321';
  const attributesOf = async (id: string) =>
    ((await lake.json('targets', 'show', 'schedules', id)) as { attributes: object }).attributes;

  beforeEach(async () => {
    const path = join(lake.path, 'raw.csv');
    const rows = [DELTA, ECHO].map((id) => `${id},District ${id},CA,tier1,10,http://d${id}.example/`);
    await writeFile(path, ['district_id,name,state,tier,enrollment,url', ...rows].join('\n'));
    expect((await say('import', 'schedules', path)).code).toBe(0);
  });

  it.each([
    ['tier=tier9', 'tier "tier9" is not tier1'],
    ['state=TX', 'is not of TX'],
    ['url=garbage', 'url "garbage" is no web address'],
    ['enrollment=many', 'enrollment "many" is no number'],
    ['name=', 'name is empty'],
  ])('are set as an import would: %s is refused, and none is changed', async (attribute, message) => {
    const before = await attributesOf(DELTA);
    const { code, stderr } = await say('set', 'schedules', DELTA, ECHO, '--attribute', attribute);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(await attributesOf(DELTA)).toEqual(before);
  });

  it('are set as an import would: the source writes the values its own way', async () => {
    expect((await say('set', 'schedules', DELTA, '--attribute', 'tier=Tier 2', 'state=ca')).code).toBe(0);
    expect(await attributesOf(DELTA)).toMatchObject({ tier: 'tier2', state: 'CA', enrollment: 10 });
  });
});

describe('an id that lost its zero in front', () => {
  const SHORT = '634320';
  beforeEach(async () => {
    const path = join(lake.path, 'short.csv');
    await writeFile(
      path,
      `district_id,name,state,url\n0${SHORT},Delta,CA,http://d.example/\n1700009,Ivy,IL,http://i.example/\n`,
    );
    expect((await say('import', 'schedules', path)).code).toBe(0);
  });
  const planned = async (...words: readonly string[]) =>
    (await lake.items<{ partitions: { targets?: string[] }[] }>('run', '--dry-run', ...words)).flatMap(
      ({ partitions }) => partitions.flatMap(({ targets }) => targets ?? []),
    );

  it('finds its target wherever one is named', async () => {
    const file = join(lake.path, 'named.csv');
    await writeFile(file, `district_id\n${SHORT}\n`);
    expect(await planned('schedules', '--targets', file)).toEqual([`0${SHORT}`]);
    expect(await planned('schedules', '--target', SHORT)).toEqual([`0${SHORT}`]);
    expect(await planned('--target', SHORT)).toEqual([`0${SHORT}`]);
    expect((await say('show', 'schedules', SHORT)).stdout).toContain(`schedules/0${SHORT}, Delta`);
    expect((await say('pause', 'schedules', SHORT)).code).toBe(0);
    await lake.say('skip', 'add', 'schedules', SHORT, '--reason', 'hail');
    expect(await lake.items('skip', 'list', '--target', SHORT)).toMatchObject([{ target: `0${SHORT}` }]);
  });

  it.each([['34320'], ['00634320'], ['700009'], ['600001']])(
    'is none where the source reads %s otherwise',
    async (id) => {
      expect((await say('show', 'schedules', id)).code).toBe(2);
    },
  );

  it('is none of a source that takes ids as they are', async () => {
    expect((await say('show', 'districts', ALDER.slice(1))).code).toBe(2);
  });
});

describe('health', () => {
  it('counts the targets of each source', async () => {
    await history();
    const health = await lake.items('health');
    expect(health.map(({ source }) => source)).toEqual(['racing', 'districts']);
    expect(health[1]).toEqual({
      ...{ source: 'districts', targets: 4, skipped: 0, due_now: 1 },
      ...{ active_crawlers: 3, degraded_crawlers: 0, paused_crawlers: 0, failed_crawlers: 1 },
      ...{ targets_with_failures: 2, avg_consecutive_failures: 3, successful_last_24h: 1 },
    });
    const [ca] = await lake.items('health', 'districts', '--state', 'CA');
    expect(ca).toMatchObject({ targets: 3, avg_consecutive_failures: 0.67 });
    expect((await lake.say('health', 'districts', '--status', 'paused')).stdout).toBe('no target matches\n');
  });
});

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
    await history();
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
    await history();
    expect(await plan('--target', BIRCH)).toEqual({ targets: [BIRCH], leftOut: {} });
    const file = join(lake.path, 'named.csv');
    await writeFile(file, ['target', ALDER, BIRCH, CEDAR].join('\n'));
    expect(await plan('--targets', file)).toEqual({
      targets: [ALDER, BIRCH],
      leftOut: { [CEDAR]: 'FAILED' },
    });
    expect(await plan('--tier', 'tier2')).toEqual({ targets: [], leftOut: { [BIRCH]: 'SCHEDULED' } });
    // The value of a partition stands for many, as a filter does.
    expect((await plan('--target', 'CA')).targets).toEqual([ALDER]);
    await lake.change(BIRCH, (record) => ({ ...record, releasedAt: testClock.now() - 1000 }));
    expect(await plan('--target', BIRCH)).toEqual({ targets: [], leftOut: { [BIRCH]: 'TOO_RECENT' } });
    await lake.change(BIRCH, (record) => ({ ...record, status: 'paused' }));
    expect(await plan('--targets', file)).toMatchObject({ leftOut: { [BIRCH]: 'PAUSED' } });
  });

  it('says why no target is due, and until when', async () => {
    await history();
    await say('pause', 'districts', ALDER);
    const { code, stdout } = await lake.say('run', 'districts');
    const tomorrow = new Date(testClock.now() + DAY_MS);
    const next = new Date(Math.ceil(tomorrow.getTime() / 60_000) * 60_000).toISOString().slice(0, 16);
    expect([code, stdout]).toEqual([
      0,
      `no target of districts is due: 1 scheduled, the next at ${next}Z; 1 paused; 1 failed too often; 1 without an address\n`,
    ]);
    await lake.change(BIRCH, (record) => ({ ...record, releasedAt: testClock.now() - 1000 }));
    const all = await lake.say('run', 'districts', '--all', '--state', 'CA', '--tier', 'tier2');
    expect(all.stdout).toMatch(
      /^no target of districts is due: 1 crawled less than 2 minutes ago, the next at \S+Z\n$/,
    );
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
