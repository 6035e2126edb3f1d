import { describe, expect, it, vi } from 'vitest';
import { DistrictsDirectory } from './support/districts.ts';
import { ALDER, BIRCH, CEDAR, OXNARD, withHistory } from './support/target-history.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

const lake = DistrictsDirectory.forEachTest();
const say = (...words: readonly string[]) => lake.say('targets', ...words);

interface Target {
  readonly target: string;
  readonly schedule_status: string;
  readonly status: string;
}
const list = (...words: readonly string[]) => lake.items<Target>('targets', 'list', ...words);
const ids = async (...words: readonly string[]) => (await list(...words)).map(({ target }) => target);

describe('targets list', () => {
  it('tells how each stands, and sorts, pages and narrows', async () => {
    await withHistory(lake);
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
    await withHistory(lake);
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
    await withHistory(lake);
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

describe('health', () => {
  it('counts the targets of each source', async () => {
    await withHistory(lake);
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
