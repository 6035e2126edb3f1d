import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import type { DemoSite } from '../../demo/site.ts';
import { type CommandEnd, complaintOf, startCommand } from './support/command-line.ts';
import { layOut } from './support/installation.ts';
import { logRows } from './support/lake-reading.ts';
import { settingsFor, startSmallSite } from './support/small-site.ts';

/** An installation of before the redesign (fixtures/README.md) is opened by today's code, and runs on. */

const NOW = '2026-11-21T14:00:00Z';
const DATE = civilDate('2026-11-20');
const WINDOW = ['--start', DATE, '--end', '2026-11-21'];
const INTERRUPTED = '01a1fe31-3482-7ade-a17d-baf0fbf50aef';
const RETRIED = 'racing/gb/2026-11-20/20777002';
const DEAD = 'racing/gb/2026-11-20/20777000';

let home: string;
let directory: string;
let site: DemoSite;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'rescrape-old-'));
  directory = join(home, 'old');
  layOut(join(import.meta.dirname, 'fixtures/installation-0.1.0.br'), directory);
  site = await startSmallSite({
    today: civilDate('2026-11-21'),
    now: () => Date.parse(NOW),
    pageBytes: 1000,
    fieldSize: 2,
    racesPerDay: 0.3,
    faults: { ...NO_FAULTS, settlesLate: [{ country: 'ire', date: DATE, race: 1, days: 1 }] },
  });
});
afterAll(async () => {
  await site.close();
  rmSync(home, { recursive: true, force: true });
});

let minutes = 0;
/** Each command a minute after the one before: what that one put off is due. */
function rescrape(...words: string[]): Promise<CommandEnd> {
  const now = new Date(Date.parse(NOW) + minutes++ * 60_000).toISOString();
  const env = { ...settingsFor(site), RESCRAPE_NOW: now };
  return startCommand([...words, '--local', directory], env, home).ended;
}

/** What a command prints as a list: its things, or the rows of a query. */
async function items(...words: string[]): Promise<readonly Readonly<Record<string, string>>[]> {
  const { code, stdout, stderr } = await rescrape(...words, '--json');
  if (code !== 0) throw new Error(`${words.join(' ')} ended ${code}: ${stderr}`);
  const printed = JSON.parse(stdout);
  return Array.isArray(printed) ? printed : printed.items;
}

const states = async () =>
  Object.fromEntries((await items('failures', 'list')).map(({ item_id, state }) => [item_id, state]));
const count = async (table: string) =>
  Number((await items('query', `SELECT count(*) AS n FROM ${table}`))[0]!.n);

describe('an installation of an earlier version', () => {
  it('is read as it stands: rows, logs, versions, flags, failures and dead letters', async () => {
    expect(await count('racing_results')).toBe(6);
    expect(await count('attempts')).toBe((await logRows(directory, 'attempts')).length);
    expect(await count('commits')).toBe(6);
    expect(await count('runs')).toBe(2);
    expect(await states()).toEqual({
      20777000: 'dead',
      20777002: 'dead',
      20777400: 'open',
      20777601: 'open',
    });
    expect(await items('dead-letters', 'list')).toHaveLength(2);
    const versions = await items('partitions', 'history', 'racing/ire/2026-11-20');
    expect(versions.map(({ state }) => state)).toEqual(['current', 'earlier']);
    expect(await items('skip', 'list')).toHaveLength(1);
    const whole = await rescrape('completeness', 'racing', ...WINDOW, '--lake');
    expect(whole.stdout).toContain('2 missing, 3 incomplete of 6 partitions; 1 open');
    expect(whole.stdout).toContain('every row is as it was committed');
    const why = await rescrape('why', 'racing/gb/2026-11-20');
    expect(why.stdout).toContain(`run ${INTERRUPTED} has not ended`);
    expect(why.stdout).not.toContain(`the retry ${INTERRUPTED}`);
  });

  it('its failures are tried again, and its dead letters are queued again', async () => {
    const retried = await rescrape('retry', '--partition', RETRIED);
    expect(retried).toMatchObject({ code: 0 });
    expect(retried.stdout).toContain('1 recovered, 0 not');
    expect((await rescrape('dead-letters', 'redrive')).stdout).toContain(DEAD);
    const worked = await rescrape('worker', '--once');
    expect(worked.stderr + worked.stdout).toContain(`${DEAD} recovered`);
    expect(await states()).toEqual({ 20777400: 'open', 20777601: 'open' });
  });

  it('says why its captures cannot be parsed where the markup was another', async () => {
    const end = await rescrape('reparse', 'racing', '--start', DATE, '--end', DATE, '--target', 'ire');
    expect(end.code).toBe(3);
    expect(end.stdout).toContain('racing/ire/2026-11-20 index: still HTML_CHANGED');
    expect(complaintOf(end)).toContain('1 page could not be read, the first in racing/ire/2026-11-20');
  });

  it('its interrupted run is taken up where it stopped', async () => {
    const before = site.requests.length;
    const end = await rescrape('run', 'racing', ...WINDOW, '--target', 'gb');
    expect(end.stderr + end.stdout).toContain(`resuming run ${INTERRUPTED}`);
    expect(end.code).toBe(3);
    // What had failed and may be worth another try; all else was on record.
    const asked = site.requests.slice(before).map(({ path }) => path.split('/').at(-1));
    expect(asked.filter((name) => name !== 'robots.txt')).toEqual(['20777000']);
    expect(await count(`runs WHERE run_id = '${INTERRUPTED}'`)).toBe(1);
  });

  it('runs on: the next run replaces every partition, and nothing is lost', async () => {
    expect((await rescrape('skip', 'remove', 'racing', 'fr')).code).toBe(0);
    expect(await rescrape('run', 'racing', ...WINDOW)).toMatchObject({ code: 0 });
    expect(await states()).toEqual({});
    const expected = (['gb', 'ire', 'fr'] as const).flatMap((country) =>
      [DATE, civilDate('2026-11-21')].flatMap((date) =>
        site.truth(country, date).flatMap(({ runners }) => runners),
      ),
    );
    expect(await count('racing_results')).toBe(expected.length);
    const whole = await rescrape('completeness', 'racing', ...WINDOW, '--lake');
    expect(whole.stdout).toContain('every row is as it was committed');
    expect((await rescrape('partitions', 'rollback', 'racing/ire/2026-11-20')).code).toBe(0);
    expect(await count("racing_results WHERE country = 'ire' AND date = '2026-11-20'")).toBe(2);
  });
});
