import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import { targetEvents } from '../../../core/targets/target-events.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { type MenusSite, startMenusSite } from '../../../demo/menus/site.ts';
import { DEMO_STORES } from '../../../demo/menus/stores.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { menus } from '../../../sources/menus/source.ts';
import { keyKinds, undocumented } from '../../contracts/state-keys.ts';
import { BY } from '../../core/targets/by.ts';
import { startCommand } from '../../e2e/support/command-line.ts';
import { ImpatientClock } from '../../e2e/support/impatient-clock.ts';
import { type Motif, pictureOf } from '../../e2e/support/lake-picture.ts';
import { logRows } from '../../e2e/support/lake-reading.ts';
import { TODAY, testClock, todayOf } from '../../e2e/support/test-time.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { Deployment } from './deployment.ts';

const MINUTE = 60_000;
const MENUS: Motif = { source: 'menus', table: 'menu_products', values: ['AZ', 'NM'] };
const IDS = DEMO_STORES.map(({ id }) => id);

/** A site whose every seldom thing happens once, and a store of what was made of it. */
interface Side {
  readonly site: MenusSite;
  readonly state: StateStore;
}

// AUTH: every request is held against the policies of the role that sends it.
const emulator = await startEmulator({ env: { AUTH: 'true' } });

describe.skipIf(!emulator)('menus, deployed', () => {
  if (!emulator) return;
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-local-'));
  const machine = new ImpatientClock(systemClock.now() - testClock.now());
  /** Milliseconds by which the clock of this side is behind: its runs begin when those over there began. */
  let behind = 0;
  const clock: Clock = {
    now: () => machine.now() - behind,
    sleep: (ms, signal) => machine.sleep(ms, signal),
  };
  let sites: MenusSite[];
  let deployment: Deployment;
  let local: LocalPlatform;

  beforeAll(async () => {
    sites = [await newSite(), await newSite()];
    const [there, here] = sites.map(({ settings }) => ({
      ...settings,
      RESCRAPE_MENUS_MIN_DELAY_MS: '0',
      RESCRAPE_MENUS_CONCURRENCY: '8',
    }));
    local = openLocalPlatform({ directory, env: here!, clock, sources: [menus] });
    deployment = await Deployment.start(emulator, there!);
  });
  afterAll(async () => {
    deployment?.close();
    await local?.close();
    for (const site of sites ?? []) await site.close();
    await emulator.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const newSite = () => startMenusSite({ seed: 7, now: () => clock.now() });
  const sides = (): readonly [Side, Side] => [
    { site: sites[0]!, state: deployment.state },
    { site: sites[1]!, state: local.state },
  ];

  /**
   * A run over there, which goes by the clock of the machine: it has today's date. One that midnight in
   * Phoenix comes before is refused, leaves nothing, and is made again.
   */
  async function runThere() {
    for (;;) {
      const began = systemClock.now();
      const date = todayOf(menus, systemClock);
      const run = { source: 'menus', start: date, end: date, force: false };
      const execution = await deployment.run(run);
      const isRefused = execution.problem?.startsWith('BadInput') ?? false;
      if (!isRefused || todayOf(menus, systemClock) === date) return { execution, run, began };
    }
  }

  /** One run there and one here, each over its own site: what they left, and how the first one ended. */
  async function runBoth() {
    const { execution, run, began } = await runThere();
    behind = machine.now() - began;
    const end = await runLocally(local, run);
    if (end.kind !== 'finished') throw new Error(`the local run ended ${end.kind}`);
    const mirror = { directory: await deployment.mirror(), state: deployment.state };
    const [there, here] = sides();
    return {
      execution,
      date: run.start,
      deployed: await seenBy(there, await pictureOf(mirror, execution.runId, MENUS)),
      local: await seenBy(here, await pictureOf(local, end.runId, MENUS)),
    };
  }

  /** The picture with the history of each target, and without the port of the site. */
  async function seenBy({ site, state }: Side, picture: Awaited<ReturnType<typeof pictureOf>>) {
    const histories = await Promise.all(
      IDS.map(async (id) => {
        const events = await Array.fromAsync(targetEvents(state, 'menus', id));
        return [id, events.map(({ kind, from, to, reason }) => ({ kind, from, to, reason }))] as const;
      }),
    );
    const all = { ...picture, histories: Object.fromEntries(histories) };
    return JSON.parse(JSON.stringify(all).replaceAll(site.url, 'http://site')) as typeof all;
  }

  /** As if so many minutes had gone by since everything that was done. Functions know no clock of ours. */
  async function later(minutes: number): Promise<void> {
    const back = (at: number | null) => (at === null ? null : at - minutes * MINUTE);
    for (const { state } of sides()) {
      const store = new TargetStore(state);
      for (const id of IDS)
        await store.update(
          'menus',
          id,
          (record) => ({
            ...record,
            nextCrawlAt: back(record.nextCrawlAt),
            lastCrawlAt: back(record.lastCrawlAt),
            releasedAt: back(record.releasedAt),
          }),
          BY,
        );
    }
  }

  it('takes its list of stores from the command line', async () => {
    const [there, here] = sites.map(({ csv }, nth) => {
      const file = join(directory, `stores-${nth}.csv`);
      writeFileSync(file, csv);
      return ['targets', 'import', 'menus', file];
    });
    const imported = await deployment.rescrape(...there!);
    expect(imported.code, imported.stderr).toBe(0);
    expect(imported.stdout).toContain(`${IDS.length} created`);
    const { ended } = startCommand(['--local', directory, ...here!], {}, directory);
    expect(await ended).toMatchObject({ code: 0, stdout: imported.stdout });
  });

  it('leaves after a first crawl what a local one leaves: rows, attempts, records, histories, failures', async () => {
    const { execution, date, deployed, local: here } = await runBoth();
    expect(execution.problem).toBeUndefined();
    expect(execution.status).toBe('SUCCEEDED');
    expect(deployed).toEqual(here);
    const whole = DEMO_STORES.filter(({ id }) => sites[0]!.truth(id).code === 'SUCCESS').length;
    expect(deployed.run).toMatchObject({ items_found: whole });
    expect(Object.keys(deployed.partitions)).toEqual([`state=AZ/date=${date}`, `state=NM/date=${date}`]);
  });

  it('ends a look of the schedule at once where nothing is due, and leaves nothing of it', async () => {
    const before = await deployment.objects();
    const asked = sites[0]!.requests.length;
    const fired = { source: 'menus', scheduledTime: `${TODAY}T10:15:00Z`, executionName: 'fired' };
    const end = await deployment.start(fired, 'menus');
    expect(end.problem).toBeUndefined();
    expect(end.status).toBe('SUCCEEDED');
    expect(await deployment.objects()).toEqual(before);
    expect(sites[0]!.requests.length).toBe(asked);
  });

  it('leaves after a second crawl, four hours later, what a local one leaves', async () => {
    await later(245);
    for (const site of sites) site.nextRound();
    const before = sites[0]!.requests.length;
    const { execution, deployed, local: here } = await runBoth();
    expect(execution.problem).toBeUndefined();
    expect(deployed).toEqual(here);
    expect(sites[0]!.requests.length).toBeGreaterThan(before);
    const runs = await logRows(await deployment.mirror(), 'runs');
    expect(runs.filter(({ source }) => source === 'menus')).toHaveLength(2);
    // Those behind a wall were asked once, and never again.
    const walled = DEMO_STORES.filter(({ trait }) => trait === 'walled' || trait === 'banned');
    for (const { id } of walled)
      expect(deployed.attempts.filter((row) => (row as { target: string }).target === id)).toEqual([]);
  });

  it('keeps nothing in the state whose key is not written down', async () => {
    const kinds = await keyKinds(deployment.state.scan());
    expect(kinds).toContain('targets-due');
    expect(undocumented(kinds)).toEqual([]);
  });
});
