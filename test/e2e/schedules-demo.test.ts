import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFile } from '../../cli/targets-import.ts';
import type { Fetcher } from '../../core/fetch/fetcher.ts';
import { makePlan } from '../../core/run/make-plan.ts';
import type { Source } from '../../core/source/source.ts';
import { type SchedulesSite, startSchedulesSite } from '../../demo/schedules/site.ts';
import type { ScheduleTruth } from '../../demo/truth/schedule-truth.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import type { RunEnd } from '../../runtime/run-end.ts';
import { schedules } from '../../sources/schedules/source.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { query } from './support/sql.ts';
import { todayOf } from './support/test-time.ts';

const COLUMNS = [
  ...(['district_id', 'state', 'year', 'grade_level', 'start_time', 'end_time'] as const),
  ...(['instructional_minutes', 'lunch_duration', 'passing_periods', 'recess_duration'] as const),
  ...(['schools_sampled', 'source_urls', 'confidence'] as const),
] satisfies (keyof ScheduleTruth)[];

let directory: string;
let clock: ImpatientClock;
let site: SchedulesSite;
let platform: LocalPlatform;
let patient: LocalPlatform;
let hasty: LocalPlatform;

function open(more: Readonly<Record<string, string>> = {}): LocalPlatform {
  const env = { RESCRAPE_SCHEDULES_PRIVATE_NETWORK: 'allow', ...more };
  return openLocalPlatform({ directory, clock, sources: [schedules], env });
}

/** Only a host that never answers has a short deadline: all others may be late on a busy machine. */
function fetcherFor(source: Source): Fetcher {
  const hanging = new Set(site.districts.flatMap(({ kind, slug }) => (kind === 'hang' ? [slug] : [])));
  const [usual, short] = [patient.fetcherFor(source), hasty.fetcherFor(source)];
  const isHanging = (url: string) => hanging.has(new URL(url).hostname.split('.').at(-2) ?? '');
  return { ...usual, fetch: (request) => (isHanging(request.url) ? short : usual).fetch(request) };
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-schedules-'));
  clock = new ImpatientClock();
  const today = todayOf(schedules, clock);
  site = await startSchedulesSite({ seed: 3, today, now: () => clock.now() });
  [patient, hasty] = [open(), open({ RESCRAPE_SCHEDULES_TIMEOUT_MS: '1000' })];
  platform = { ...patient, fetcherFor };
});
afterAll(async () => {
  await patient.close();
  await hasty.close();
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});

const input = () => {
  const date = todayOf(schedules, clock);
  return { source: 'schedules', start: date, end: date, force: false };
};

async function run(): Promise<RunEnd> {
  return await runLocally(platform, input());
}

const key = (row: Record<string, unknown>) => `${row.district_id} ${row.year} ${row.grade_level}`;
const sorted = (rows: readonly Record<string, unknown>[]) =>
  rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
const published = async () =>
  sorted(await query(platform, `SELECT ${COLUMNS.join(', ')} FROM bell_schedules`));
const asked = (trouble: string) => site.requests.filter((entry) => entry.trouble === trouble);

describe('schedules of sixty districts on as many hosts', () => {
  it('are imported by the rules of the source, ids that lost their zero and empty addresses among them', async () => {
    const path = join(directory, 'districts.csv');
    writeFileSync(path, site.csv());
    const { created, refused } = await importFile(platform, schedules, path);
    expect({ created, refused }).toEqual({ created: 60, refused: 0 });
    const again = await importFile(platform, schedules, path);
    expect(again).toMatchObject({ created: 0, updated: 0, unchanged: 60 });
  });

  it('come home whole, in every notation, without a base address', async () => {
    const end = await run();
    expect(end.kind).toBe('finished');
    // Lists are JSON in a table.
    const cell = (value: unknown) => (Array.isArray(value) ? JSON.stringify(value) : value);
    const truth = site
      .truth()
      .map((row) => Object.fromEntries(COLUMNS.map((name) => [name, cell(row[name])])));
    expect(await published()).toEqual(sorted(truth));
  }, 60_000);

  it('ask once at a wall, for a page that is gone and where the queue is full, and again where that may help', () => {
    for (const wall of ['cloudflare', 'incapsula', 'captcha', 'not-found', 'queue-full'])
      expect([wall, asked(wall).length]).toEqual([wall, 1]);
    expect(asked('busy-once')).toHaveLength(1);
    expect(asked('hang').length).toBeGreaterThan(1);
  });

  it('are not asked again before they are due, and every other one has its reason', async () => {
    const [rows, requests] = [await published(), site.requests.length];
    expect(await run()).toMatchObject({ kind: 'nothing-due' });
    expect([await published(), site.requests.length]).toEqual([rows, requests]);
    const { work, leftOut } = await makePlan(platform, input());
    expect(work).toEqual([]);
    const reasons = Map.groupBy(leftOut, ({ reason }) => reason);
    const counts = Object.fromEntries([...reasons].map(([reason, { length }]) => [reason, length]));
    const walled = site.districts.filter(({ kind }) => ['cloudflare', 'incapsula', 'captcha'].includes(kind));
    expect(counts).toEqual({ SKIPPED: walled.length, NEEDS_URL: 1, SCHEDULED: 60 - 1 - walled.length });
  });

  it('are due again after thirty days, but for those behind a wall', async () => {
    await clock.sleep(30 * 86_400_000);
    const [rows, before] = [await published(), site.requests.length];
    expect(await run()).toMatchObject({ kind: 'finished' });
    const since = site.requests.slice(before);
    expect(
      since.filter(({ trouble }) => ['cloudflare', 'incapsula', 'captcha'].includes(trouble ?? '')),
    ).toEqual([]);
    const now = await published();
    expect(new Set(now.map(key))).toEqual(new Set(rows.map(key)));
  }, 60_000);
});
