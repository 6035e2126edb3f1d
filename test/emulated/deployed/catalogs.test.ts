import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDirectoryPageLibrary } from '../../../adapters/local/directory-page-library.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { BatchStore } from '../../../core/extract/batch-store.ts';
import { PageStore } from '../../../core/extract/page-store.ts';
import { resultKeyOf } from '../../../core/extract/result-object.ts';
import { writeCatalogLibrary } from '../../../demo/catalogs/library.ts';
import { CATALOG_FAULTS } from '../../../demo/catalogs/plan.ts';
import { DEMO_KEY, startCatalogProvider } from '../../../demo/catalogs/provider.ts';
import { catalogTruth } from '../../../demo/catalogs/truth.ts';
import type { GeminiServer } from '../../../demo/gemini/server.ts';
import { page } from '../../core/extract/support/world.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { Deployment } from './deployment.ts';

/**
 * The clock of the provider goes so much faster: a job takes half a second, and one that expires after two
 * days half a minute.
 */
const PACE = 6_000;
const KEY_NAME = 'gemini-key';

/** What commands about pages and batches print, as far as it is looked into here. */
interface Printed {
  readonly pages: object;
  readonly groups: readonly { readonly pages: number; readonly done: number }[];
  readonly items: readonly { readonly page_key: string; readonly batch_id: string; readonly state: string }[];
  readonly cleared: readonly { readonly page_key: string }[];
}

// AUTH: every request is held against the policies of the role that sends it.
const emulator = await startEmulator({ env: { AUTH: 'true' } });

describe.skipIf(!emulator)('catalogs, deployed', () => {
  if (!emulator) return;
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-pages-'));
  const began = systemClock.now();
  const now = () => began + (systemClock.now() - began) * PACE;
  let provider: GeminiServer;
  let deployment: Deployment;

  beforeAll(async () => {
    writeCatalogLibrary(directory, true);
    provider = await startCatalogProvider(now, new Map(), '2s');
    deployment = await Deployment.start(emulator, {
      RESCRAPE_CATALOGS_PROVIDER: 'gemini',
      RESCRAPE_CATALOGS_BATCH_SIZE: '6',
      RESCRAPE_CATALOGS_MAX_CONCURRENT_BATCHES: '4',
      RESCRAPE_CATALOGS_POLL_SECONDS: '1',
      RESCRAPE_GEMINI_URL: provider.url,
      RESCRAPE_GEMINI_KEY_SECRET: await secretOf(emulator, DEMO_KEY),
    });
    await deployment.upload(directory, 'library/catalogs');
  });
  afterAll(async () => {
    deployment?.close();
    await provider?.close();
    await emulator.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const asked = (...words: readonly string[]) => deployment.asked<Printed>(...words);
  const stillActive = () => new BatchStore(deployment.state, 'catalogs').activeIds();

  const truth = catalogTruth(true);
  const ending = (end: string) => truth.filter((each) => each.end === end).length;

  it('ends every page as it must by "extract run", beside an execution that the schedule may have started', async () => {
    const dry = await asked('extract', 'run', '--dry-run');
    expect(dry.pages).toMatchObject({ pages: truth.length, done: 0 });
    const [run, execution] = await Promise.all([
      deployment.rescrape('--json', 'extract', 'run'),
      deployment.extract('catalogs'),
    ]);
    expect(execution).toMatchObject({ status: 'SUCCEEDED', problem: undefined });
    expect([run.code, run.stderr]).toEqual([3, expect.stringMatching(/pages? of \d+ without a result/)]);
    const told = JSON.parse(run.stdout);
    expect(told).toMatchObject({
      kind: 'finished',
      pages: { pages: truth.length, done: ending('result'), exhausted: ending('exhausted'), in_flight: 0 },
    });
    expect(told.batches.length).toBeGreaterThan(5);
    // As a run on one machine tells it, page by page.
    expect(run.stderr).toMatch(/batch [0-9a-f-]{36}: \d+ pages? submitted as batches\//);
    // What the other execution read, that one tells.
    expect(run.stderr).toMatch(/: [A-Z_]+ \(.*\), try 1\/3/);
    expect(await stillActive()).toEqual([]);
    const pages = new PageStore(deployment.state, 'catalogs');
    for (const { key, end, tries } of truth) {
      const { page: record } = await pages.get(key);
      expect([key, record.attempts, record.result !== undefined && record.result !== null]).toEqual([
        key,
        tries,
        end === 'result',
      ]);
    }
  }, 600_000);

  it('leaves a result for each page that has one, and no other', async () => {
    const keys = truth.flatMap(({ key, end }) => (end === 'result' ? [key] : []));
    const expected = keys.map((key) => resultKeyOf(page(key)));
    const found = (await deployment.objects('extractions/')).map(([key]) => key);
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  it('paid for no page twice, as the log of the provider has it', async () => {
    const lost = new Set(CATALOG_FAULTS.jobs!.map(({ job }) => provider.jobs[job - 1]?.name));
    const answered = new Map<string, number>();
    for (const { key, job } of provider.attempts)
      if (!lost.has(job)) answered.set(key, (answered.get(key) ?? 0) + 1);
    const expected = truth.filter(({ tries }) => tries > 0);
    expect([...answered].toSorted()).toEqual(
      expected.map(({ key, tries }) => [key, tries] as const).toSorted(),
    );
  });

  it('has both tables in the catalog, a partition for each state and year', async () => {
    const library = await openDirectoryPageLibrary(directory);
    const years = new Set<string>();
    for await (const { state, year } of library.labels()) years.add(`${state}/${year}`);
    for (const table of ['catalog_pages', 'courses']) {
      const partitions = await deployment.partitions(table);
      expect(partitions.length, table).toBeGreaterThan(0);
      expect(partitions.length, table).toBeLessThanOrEqual(years.size);
      for (const { values } of partitions) expect(values[1]).toMatch(/^1\d{3}-01-01$/);
    }
  });

  it('is operated from the command line, with the settings that were deployed', async () => {
    const { groups } = await asked('extract', 'status', '--by', 'book');
    const batch = (await asked('batches', 'list')).items[0]!;
    const sum = (name: 'pages' | 'done') => groups.reduce((total, group) => total + group[name], 0);
    expect([sum('pages'), sum('done')]).toEqual([truth.length, ending('result')]);
    const shown = await asked('batches', 'show', batch.batch_id);
    expect(shown).toMatchObject({ batch_id: batch.batch_id, state: batch.state });
    const scanned = await asked('extract', 'scan', '--reason', 'exhausted');
    const exhausted = truth.filter(({ end }) => end === 'exhausted').map(({ key }) => key);
    expect(scanned.items.map((each) => each.page_key).toSorted()).toEqual(exhausted.toSorted());
    const failures = await asked('failures', 'list', '--only', 'extraction');
    expect(failures.items.length).toBeGreaterThan(exhausted.length);
    const over = await deployment.rescrape('batches', 'cancel', batch.batch_id);
    expect([over.code, over.stderr]).toEqual([1, expect.stringMatching(/none of its pages is in flight/)]);
    const why = await asked('why', exhausted[0]!);
    expect(why).toMatchObject({ pages: { page: { failures: [{}, {}, {}] } } });
  });

  it('sends nothing again, and publishes nothing again, where nothing changed', async () => {
    const before = [provider.attempts.length, await deployment.objects()];
    expect(await deployment.extract('catalogs')).toMatchObject({ status: 'SUCCEEDED' });
    expect([provider.attempts.length, await deployment.objects()]).toEqual(before);
  });

  it('reads a page again that is asked for, and one whose count is cleared, and forgets what it is told to', async () => {
    const done = truth.find(({ end }) => end === 'result')!.key;
    const exhausted = truth.find(({ end }) => end === 'exhausted')!.key;
    const forced = await asked('extract', 'force', done);
    expect(forced.items).toEqual([{ page_key: done, has_result: true, is_exhausted: false }]);
    const [state = '', school = ''] = exhausted.split(':');
    const words = ['--states', state, '--schools', school];
    const cleared = await asked('failures', 'clear', ...words);
    expect(cleared.cleared.map((each) => each.page_key)).toContain(exhausted);
    const before = provider.attempts.length;
    const run = await deployment.rescrape('--json', 'extract', 'run', '--limit', '2');
    expect(JSON.parse(run.stdout)).toMatchObject({ kind: 'finished', sent: { pages: 2 } });
    expect(
      provider.attempts
        .slice(before)
        .map(({ key }) => key)
        .toSorted(),
    ).toEqual([done, exhausted].toSorted());
    const forgotten = await asked('reset', '--only', 'extraction', '--confirm');
    expect(forgotten).toMatchObject({ dry_run: false, active: 0 });
    expect((await asked('batches', 'list')).items).toEqual([]);
  });
});

/** ARN of a new secret that holds the text. */
async function secretOf({ connection }: Emulator, text: string): Promise<string> {
  const client = new SecretsManagerClient(connection);
  try {
    const { ARN = '' } = await client.send(new CreateSecretCommand({ Name: KEY_NAME, SecretString: text }));
    return ARN;
  } finally {
    client.destroy();
  }
}
