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

/** The provider's jobs take three quarters of an hour of a clock that goes a thousand times as fast. */
const PACE = 1_000;
const MOST_EXECUTIONS = 20;
const KEY_NAME = 'gemini-key';

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
    provider = await startCatalogProvider(now, new Map());
    deployment = await Deployment.start(emulator, {
      RESCRAPE_CATALOGS_PROVIDER: 'gemini',
      RESCRAPE_CATALOGS_BATCH_SIZE: '6',
      RESCRAPE_CATALOGS_MAX_CONCURRENT_BATCHES: '4',
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

  const stillActive = () => new BatchStore(deployment.state, 'catalogs').activeIds();

  it('ends every page as it must by executions that follow each other, two of them at once', async () => {
    let executions = 0;
    for (let isDone = false; !isDone && executions < MOST_EXECUTIONS; executions += 2) {
      const sent = provider.attempts.length;
      const ends = await Promise.all([deployment.extract('catalogs'), deployment.extract('catalogs')]);
      expect(ends.map(({ status, problem }) => [status, problem])).toEqual(
        ends.map(() => ['SUCCEEDED', undefined]),
      );
      isDone = provider.attempts.length === sent && (await stillActive()).length === 0;
    }
    expect(executions).toBeLessThan(MOST_EXECUTIONS);
    const pages = new PageStore(deployment.state, 'catalogs');
    for (const { key, end, tries } of catalogTruth(true)) {
      const { page: record } = await pages.get(key);
      expect([key, record.attempts, record.result !== undefined && record.result !== null]).toEqual([
        key,
        tries,
        end === 'result',
      ]);
    }
    // Provider faults are waited for by the clock of the machine.
  }, 600_000);

  it('leaves a result for each page that has one, and no other', async () => {
    const keys = catalogTruth(true).flatMap(({ key, end }) => (end === 'result' ? [key] : []));
    const expected = keys.map((key) => resultKeyOf(page(key)));
    const found = (await deployment.objects('extractions/')).map(([key]) => key);
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  it('paid for no page twice, as the log of the provider has it', async () => {
    const lost = new Set(CATALOG_FAULTS.jobs!.map(({ job }) => provider.jobs[job - 1]?.name));
    const answered = new Map<string, number>();
    for (const { key, job } of provider.attempts)
      if (!lost.has(job)) answered.set(key, (answered.get(key) ?? 0) + 1);
    const expected = catalogTruth(true).filter(({ tries }) => tries > 0);
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

  it('sends nothing again, and publishes nothing again, where nothing changed', async () => {
    const before = [provider.attempts.length, await deployment.objects()];
    expect(await deployment.extract('catalogs')).toMatchObject({ status: 'SUCCEEDED' });
    expect([provider.attempts.length, await deployment.objects()]).toEqual(before);
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
