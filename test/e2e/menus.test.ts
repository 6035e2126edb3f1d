import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlan } from '../../core/run/make-plan.ts';
import { reparse } from '../../core/run/reparse.ts';
import { type MenusSite, startMenusSite } from '../../demo/menus/site.ts';
import { DEMO_STORES } from '../../demo/menus/stores.ts';
import type { MenuRowTruth } from '../../demo/menus/truth.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { menus } from '../../sources/menus/source.ts';
import { BY } from '../core/targets/by.ts';
import { registerTargets } from '../core/targets/register-targets.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { query } from './support/sql.ts';
import { storesIn } from './support/store-list.ts';
import { todayOf } from './support/test-time.ts';

let directory: string;
let clock: ImpatientClock;
let site: MenusSite;
let platform: LocalPlatform;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-menus-'));
  clock = new ImpatientClock();
  site = await startMenusSite({ seed: 7, now: () => clock.now() });
  open();
  await registerTargets(platform.state, menus, storesIn(site.csv), BY);
});
afterAll(async () => {
  await platform.close();
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(settings: Readonly<Record<string, string>> = site.settings): void {
  const env = { ...settings, RESCRAPE_MENUS_MIN_DELAY_MS: '0', RESCRAPE_MENUS_CONCURRENCY: '8' };
  platform = openLocalPlatform({ directory, env, clock, sources: [menus] });
}

const today = () => todayOf(menus, clock);

async function run(force = false) {
  const end = await runLocally(platform, { source: 'menus', start: today(), end: today(), force });
  if (end.kind !== 'finished') throw new Error(`the run ended ${end.kind}: ${JSON.stringify(end)}`);
  return end.summary;
}

const COLUMNS = Object.keys(menus.table.schema.shape);
const key = (row: Record<string, unknown>) => `${row.store_id} ${row.product_id} ${row.option}`;
const sorted = (rows: readonly Record<string, unknown>[]) =>
  rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
const published = async () =>
  sorted(await query(platform, `SELECT ${COLUMNS.join(', ')} FROM menu_products`));

/** Of each store the rows that its crawl should give now; none where it should not come home. */
function truthNow(): Map<string, readonly MenuRowTruth[]> {
  return new Map(
    DEMO_STORES.map(({ id }) => {
      const truth = site.truth(id);
      return [id, truth.code === 'SUCCESS' ? truth.rows : []] as const;
    }),
  );
}
const rowsOf = (truth: ReadonlyMap<string, readonly MenuRowTruth[]>) =>
  sorted([...truth.values()].flat() as unknown as Record<string, unknown>[]);

describe('menus of forty stores on one site', () => {
  it('come home whole from four platforms, and every other crawl ends as it should', async () => {
    const { run: row } = await run();
    const codes = new Map(DEMO_STORES.map(({ id }) => [id, site.truth(id).code]));
    const ready = [...codes.values()].filter((code) => !code.startsWith('NEEDS_'));
    const whole = ready.filter((code) => code === 'SUCCESS');
    expect(row).toMatchObject({ items_expected: ready.length, items_found: whole.length });
    expect(await published()).toEqual(rowsOf(truthNow()));

    const last = await query(
      platform,
      'SELECT target, arg_max(error_code, attempted_at) code, count(*) n FROM attempts GROUP BY target',
    );
    const crawled = last.filter(({ target }) => codes.has(String(target)));
    expect(new Map(crawled.map(({ target, code }) => [target, code]))).toEqual(
      new Map([...codes].filter(([, code]) => !code.startsWith('NEEDS_'))),
    );
  }, 60_000);

  it('asks once where asking again brings nothing', async () => {
    const tries = await query(
      platform,
      "SELECT target, error_code code, count(*) n FROM attempts WHERE status <> 'success' GROUP BY ALL",
    );
    const of = (code: string) => tries.filter((one) => one.code === code).map(({ n }) => Number(n));
    expect(of('HTML_CHANGED')).toEqual([1, 1]);
    expect(of('BLOCKED')).toEqual([1, 1]);
    expect(of('AUTH_FAILED')).toEqual([1]);
    expect(of('NOT_FOUND')).toEqual([1]);
    expect(of('RATE_LIMITED')).toEqual([1]);
    expect(of('SERVER_ERROR')).toEqual([1]);
  });

  it('leaves out the stores whose platform or id there is not known', async () => {
    await clock.sleep(240 * 60_000);
    const plan = await makePlan(platform, { source: 'menus', start: today(), end: today(), force: false });
    const waiting = plan.leftOut.filter(({ reason }) => reason.startsWith('NEEDS_'));
    expect(new Map(waiting.map(({ target, reason }) => [target, reason]))).toEqual(
      new Map(DEMO_STORES.filter(({ lacks }) => lacks).map(({ id }) => [id, site.truth(id).code])),
    );
    expect(waiting).toHaveLength(4);
  });

  it('are read again four hours later, when prices, stock and shelves have moved', async () => {
    const before = truthNow();
    site.nextRound();
    await run();
    const now = truthNow();
    // A store that suddenly sells nothing keeps what it had.
    const emptied = DEMO_STORES.find(({ trait }) => trait === 'empties')!.id;
    const expected = new Map([...now, [emptied, before.get(emptied)!]]);
    const rows = await published();
    expect(rows).toEqual(rowsOf(expected));
    expect(rows).not.toEqual(rowsOf(before));
  }, 60_000);

  it('read the same from their captures, without a request', async () => {
    const rows = await published();
    const asked = site.requests.length;
    const range = { start: today(), end: today() };
    for await (const { unreadable } of reparse(platform, platform.sources[0]!, range))
      for (const { outcome } of unreadable) expect(outcome.code).not.toBe('VALIDATION_ERROR');
    expect(site.requests.length).toBe(asked);
    expect(await published()).toEqual(rows);
  }, 60_000);

  it('change nothing while the hash is out of date, and come again with the new one', async () => {
    const rows = await published();
    const outdated = site.settings;
    site.nextRelease();
    site.nextRound();
    await clock.sleep(240 * 60_000);
    const { run: row } = await run();
    expect(row.status).toBe('incomplete');
    const kept = await published();
    const isListed = (one: Record<string, unknown>) =>
      DEMO_STORES.some(({ id, platform: on }) => id === one.store_id && on === 'dutchie');
    expect(kept.filter(isListed)).toEqual(rows.filter(isListed));
    await platform.close();
    expect(site.settings).not.toEqual(outdated);
    open();
    // Their crawls failed, so that they wait twice as long; who mends the setting asks for all.
    await clock.sleep(2 * 60_000);
    await run(true);
    const truth = rowsOf(truthNow()).map(key);
    const now = new Set((await published()).map(key));
    expect(truth.every((one) => now.has(one))).toBe(true);
  }, 60_000);

  it('are not asked for at all while nobody has said which hash', async () => {
    await platform.close();
    await clock.sleep(2 * 60_000);
    const { RESCRAPE_MENUS_HASH_FILTERED_PRODUCTS: _, ...others } = site.settings;
    open(others);
    const asked = makePlan(platform, { source: 'menus', start: today(), end: today(), force: true });
    await expect(asked).rejects.toThrow(/^menus needs its setting hash_filtered_products, .*sha256Hash/);
  });
});
