import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { systemClock } from '../../adapters/local/system-clock.ts';
import { addDays, type CivilDate } from '../../core/calendar/civil-date.ts';
import { civilDateAt } from '../../core/calendar/window.ts';
import { writeCatalogLibrary } from '../../demo/catalogs/library.ts';
import { DEMO_KEY, startCatalogProvider } from '../../demo/catalogs/provider.ts';
import { type FaultPlan, NO_FAULTS } from '../../demo/faults.ts';
import { startMenusSite } from '../../demo/menus/site.ts';
import { startSchedulesSite } from '../../demo/schedules/site.ts';
import { startDemoSite } from '../../demo/site.ts';
import { startTutoringSite } from '../../demo/tutoring/site.ts';
import { menus as menusSource } from '../../sources/menus/source.ts';
import { racing as racingSource } from '../../sources/racing/source.ts';
import { schedules as schedulesSource } from '../../sources/schedules/source.ts';
import { tutoring as tutoringSource } from '../../sources/tutoring/source.ts';
import type { Deployment } from '../emulated/deployed/deployment.ts';
import type { Emulator } from '../emulator/emulator.ts';

/** A source that is asked over the site of its demo, on loopback. */
export interface PlayedSource {
  readonly name: string;
  /** Variables of the functions, under which they ask this site. */
  readonly settings: Readonly<Record<string, string>>;
  /** Everything that fills its tables. Throws where a run does not end as it should. */
  play(deployment: Deployment): Promise<void>;
  close(): Promise<void>;
}

const SEED = 3;
const now = systemClock.now;
/** Views look back from now, so what they see is of these days; functions know no clock but the machine's. */
export const todayOf = ({ timeZone }: { readonly timeZone: string }) => civilDateAt(now(), timeZone);

const DEMOS = { racing, schedules, menus, tutoring, catalogs };
export type DemoName = keyof typeof DEMOS;
export const DEMO_NAMES = Object.keys(DEMOS) as DemoName[];

/** Demos, their sites up. */
export async function startDemos(
  emulator: Emulator,
  names: readonly DemoName[],
): Promise<readonly PlayedSource[]> {
  const started: PlayedSource[] = [];
  for (const name of names) started.push(await DEMOS[name](emulator));
  return started;
}

async function racing(): Promise<PlayedSource> {
  const today = todayOf(racingSource);
  const day = (ago: number) => addDays(today, -ago);
  const site = await startDemoSite({ seed: SEED, today, now, pageBytes: 4000, racesPerDay: 0.4 });
  const run = async (deployment: Deployment, faults: FaultPlan, oldest: number, newest: number) => {
    site.setFaults(faults);
    const window = { start: day(oldest), end: day(newest) };
    await succeed(deployment, { source: 'racing', force: true, ...window });
  };
  return {
    name: 'racing',
    settings: {
      RESCRAPE_RACING_URL: site.url,
      RESCRAPE_RACING_MIN_DELAY_MS: '0',
      RESCRAPE_RACING_TIMEOUT_MS: '3000',
    },
    play: async (deployment) => {
      await run(deployment, { ...NO_FAULTS, emptyDays: [{ country: 'ire', date: day(6) }] }, 8, 4);
      // The day between is left out, and one race settles later.
      const settlesLate = [{ country: 'gb', date: day(1), race: 1, days: 3 }] as const;
      await run(deployment, { ...NO_FAULTS, settlesLate }, 2, 0);
      await run(deployment, troubles(day), 2, 0);
    },
    close: site.close,
  };
}

/** Most of what can happen to a race, so that no view is without rows. */
function troubles(day: (ago: number) => CivilDate): FaultPlan {
  const race = (country: 'gb' | 'ire' | 'fr', ago: number, nth: number) => ({
    ...{ country, date: day(ago), race: nth },
  });
  return {
    ...NO_FAULTS,
    rules: [
      { where: race('gb', 1, 0), fault: { kind: 'status', status: 406 }, times: 1 },
      { where: race('ire', 2, 0), fault: { kind: 'status', status: 500 } },
      { where: race('gb', 2, 0), fault: { kind: 'status', status: 404 } },
      { where: race('fr', 2, 0), fault: { kind: 'changed-page' } },
      { where: race('fr', 0, -1), fault: { kind: 'cloudflare-challenge' } },
    ],
  };
}

async function schedules(): Promise<PlayedSource> {
  const today = todayOf(schedulesSource);
  const site = await startSchedulesSite({ seed: SEED, today, districts: 20, now });
  return {
    name: 'schedules',
    settings: {
      RESCRAPE_SCHEDULES_PRIVATE_NETWORK: 'allow',
      RESCRAPE_SCHEDULES_MIN_DELAY_MS: '0',
      RESCRAPE_SCHEDULES_TIMEOUT_MS: '1000',
    },
    play: async (deployment) => {
      await importTargets(deployment, 'schedules', site.csv());
      await succeed(deployment, { source: 'schedules', start: today, end: today, force: false });
    },
    close: site.close,
  };
}

async function menus(): Promise<PlayedSource> {
  const site = await startMenusSite({ seed: SEED, now });
  return {
    name: 'menus',
    settings: { ...site.settings, RESCRAPE_MENUS_MIN_DELAY_MS: '0', RESCRAPE_MENUS_CONCURRENCY: '8' },
    play: async (deployment) => {
      await importTargets(deployment, 'menus', site.csv);
      const today = todayOf(menusSource);
      await succeed(deployment, { source: 'menus', start: today, end: today, force: false });
    },
    close: site.close,
  };
}

async function tutoring(): Promise<PlayedSource> {
  const today = todayOf(tutoringSource);
  const site = await startTutoringSite({ seed: SEED, today, now });
  return {
    name: 'tutoring',
    settings: { RESCRAPE_TUTORING_URL: site.url, RESCRAPE_TUTORING_MIN_DELAY_MS: '0' },
    play: async (deployment) => {
      await succeed(deployment, { source: 'tutoring', start: addDays(today, -1), end: today, force: false });
      await publishEntities(deployment);
    },
    close: site.close,
  };
}

/** Fires until nothing is left to be sent on or published: queues hand records to functions meanwhile. */
async function publishEntities(deployment: Deployment): Promise<void> {
  const fired = { scheduledTime: new Date(now()).toISOString(), executionName: 'fired' };
  let quiet = 0;
  for (let tries = 0; tries < 40 && quiet < 3; tries++) {
    const { forwarded, partitions } = (await deployment.call('publish-entities', fired)) as {
      forwarded: number;
      partitions: number;
    };
    quiet = forwarded + partitions === 0 ? quiet + 1 : 0;
    await sleep(2_000);
  }
  if (quiet < 3) throw new Error('entities are still being published');
}

/** How much faster the provider's clock goes: its jobs take three quarters of an hour. */
const PACE = 1_000;

async function catalogs({ connection }: Emulator): Promise<PlayedSource> {
  const library = mkdtempSync(join(tmpdir(), 'rescrape-pages-'));
  writeCatalogLibrary(library, false);
  const began = now();
  const provider = await startCatalogProvider(() => began + (now() - began) * PACE);
  const secrets = new SecretsManagerClient(connection);
  const { ARN = '' } = await secrets.send(
    new CreateSecretCommand({ Name: 'gemini-key', SecretString: DEMO_KEY }),
  );
  secrets.destroy();
  return {
    name: 'catalogs',
    settings: {
      RESCRAPE_CATALOGS_PROVIDER: 'gemini',
      RESCRAPE_CATALOGS_MAX_CONCURRENT_BATCHES: '4',
      RESCRAPE_GEMINI_URL: provider.url,
      RESCRAPE_GEMINI_KEY_SECRET: ARN,
    },
    play: async (deployment) => {
      await deployment.upload(library, 'library/catalogs');
      for (let sent = -1, tries = 0; provider.attempts.length !== sent && tries < 8; tries++) {
        sent = provider.attempts.length;
        const { status, problem } = await deployment.extract('catalogs');
        if (status !== 'SUCCEEDED') throw new Error(`catalogs: ${status} ${problem}`);
      }
    },
    close: async () => {
      await provider.close();
      rmSync(library, { recursive: true, force: true });
    },
  };
}

async function succeed(deployment: Deployment, input: Parameters<Deployment['run']>[0]): Promise<void> {
  const { status, problem } = await deployment.run(input);
  if (status !== 'SUCCEEDED') throw new Error(`${input.source}: ${status} ${problem}`);
}

async function importTargets(deployment: Deployment, source: string, csv: string): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'rescrape-targets-'));
  try {
    const file = join(place, 'targets.csv');
    writeFileSync(file, csv);
    const { code, stderr } = await deployment.rescrape('targets', 'import', source, file);
    if (code !== 0) throw new Error(`targets import ${source}: ${stderr}`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
