import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteStateStore } from '../../adapters/local/sqlite-state-store.ts';
import { type MenusSite, startMenusSite } from '../../demo/menus/site.ts';
import { DEMO_STORES } from '../../demo/menus/stores.ts';
import { lockRun } from '../../runtime/run-lock.ts';
import { testClock } from '../e2e/support/test-time.ts';
import { rescrape, rescrapeItems, rescrapeJson } from './support/command-line.ts';

const LACKING = DEMO_STORES.filter(({ lacks }) => lacks !== undefined);
const NOWHERE = '901,Nowhere,nowhere,AZ,dutchie,,rec,,';
const NO_PAGE = '902,No Page,no-page,AZ,,,rec,,';

let directory: string;
let site: MenusSite;
beforeAll(async () => {
  site = await startMenusSite({ seed: 3, now: () => testClock.now() });
});
afterAll(() => site.close());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-look-up-command-'));
  for (const [name, value] of Object.entries(site.settings)) vi.stubEnv(name, value);
  vi.stubEnv('RESCRAPE_MENUS_MIN_DELAY_MS', '0');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

async function importStores(...more: readonly string[]): Promise<void> {
  const file = join(directory, 'stores.csv');
  writeFileSync(file, `${[site.csv.trim(), ...more].join('\n')}\n`);
  expect((await rescrape(directory, 'targets', 'import', 'menus', file)).code).toBe(0);
}
const look = (...words: readonly string[]) => rescrape(directory, 'targets', 'look-up', ...words);

describe('rescrape targets look-up', () => {
  it('finds what is lacking, and has nothing to do after that', async () => {
    await importStores();
    const dry = await rescrapeItems(directory, 'targets', 'look-up', 'menus', '--dry-run');
    expect(dry).toMatchObject(LACKING.map(({ id }) => ({ source: 'menus', target: id, reason: null })));
    expect(site.requests).toEqual([]);
    const { code, stdout } = await look('menus');
    expect(code).toBe(0);
    expect(stdout).toContain('4 targets of menus looked up: 4 found, 0 not, 0 failed; 0 skipped');
    expect(stdout).toContain(`platform_id=${LACKING[0]!.platformId}`);
    const again = await look('menus');
    expect(again).toMatchObject({ code: 0, stdout: 'no target of menus lacks anything\n' });
  });

  it('ends with 3 where the platform does not know a store, and says what to do', async () => {
    await importStores(NOWHERE, NO_PAGE);
    const { code, stderr, stdout } = await look('menus', '--state', 'AZ', '--csv');
    expect(code).toBe(3);
    expect(stderr).toContain('1 target of menus could not be looked up');
    expect(stderr).toContain('rescrape targets show menus 901');
    expect(stdout.split('\n')[0]).toContain('target,result,found,needs,error_code,message,until');
    expect(stdout).toContain('902,skipped,,NEEDS_DETECTION,,');
    const shown = await rescrape(directory, 'targets', 'show', 'menus', '901');
    expect(shown.stdout).toMatch(/looked up +\S+Z, in vain: the platform has no store nowhere in AZ/);
  });

  it('ends with 1 where every look-up failed, with the error in one line', async () => {
    await importStores();
    vi.stubEnv('RESCRAPE_MENUS_HASH_CONSUMER_DISPENSARIES', '0'.repeat(64));
    const { code, stderr } = await look('menus', '--target', '138', '139');
    expect(code).toBe(1);
    expect(stderr).toMatch(/nothing could be looked up; menus\/138: HTML_CHANGED .* out of date/);
    expect(stderr.trim().split('\n').length).toBe(1);
  });

  it('tells under --json what came of each target, also of one that is named and lacks nothing', async () => {
    await importStores(NOWHERE);
    const items = await rescrapeJson(
      directory,
      'targets',
      'look-up',
      'menus',
      '--target',
      '101',
      '138',
      '901',
    );
    const bare = { source: 'menus', found: {}, needs: null, error_code: null, reason: null, message: null };
    expect(items).toEqual({
      items: [
        { ...bare, target: '101', result: 'skipped', reason: 'READY', until: null },
        {
          ...{ ...bare, target: '138', result: 'found', until: null },
          found: { platform_id: DEMO_STORES.find(({ id }) => id === '138')!.platformId },
        },
        {
          ...{ ...bare, target: '901', result: 'unknown', needs: 'NEEDS_PLATFORM_ID', until: null },
          message: 'the platform has no store nowhere in AZ',
        },
      ],
    });
    const [soon] = (await rescrapeItems(
      directory,
      ...['targets', 'look-up', 'menus', '--target', '901'],
    )) as { reason: string; until: string }[];
    expect(soon).toMatchObject({ reason: 'TOO_RECENT', until: expect.stringMatching(/Z$/) });
  });

  it('refuses in one line what it cannot do', async () => {
    await importStores();
    expect(await look('racing')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('racing looks up nothing of its targets'),
    });
    expect((await look('menus', '--target', 'nobody')).code).toBe(2);
    const state = openSqliteStateStore(join(directory, 'state.sqlite'));
    const unlock = await lockRun({ directory, state }, 'menus');
    try {
      const { code, stderr } = await look('menus');
      expect([code, stderr.includes('is being run over')]).toEqual([1, true]);
    } finally {
      unlock();
      state.close();
    }
  });

  it('is what list, plan and a run that finds nothing due advise while something is lacking', async () => {
    await importStores();
    const ADVICE = 'ask for what they lack: rescrape targets look-up menus';
    const list = () => rescrape(directory, 'targets', 'list', '--schedule-status', 'NEEDS_PLATFORM_ID');
    const here = `${ADVICE} --local ${directory}`;
    expect((await list()).stdout).toContain(here);
    expect((await rescrape(directory, 'run', 'menus', '--dry-run')).stdout).toContain(here);
    const none = await rescrape(directory, 'run', 'menus', '--target', '138');
    expect(none.stdout).toContain(`1 without an id at its platform; ${ADVICE}`);
    expect((await look('menus')).code).toBe(0);
    expect((await list()).stdout).not.toContain('look-up');
    expect((await rescrape(directory, 'run', 'menus', '--dry-run')).stdout).not.toContain('look-up');
  });
});
