import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../adapters/local/directory-object-store.ts';
import { openSqliteStateStore } from '../../adapters/local/sqlite-state-store.ts';
import { pageStatuses } from '../../cli/page-status.ts';
import type { ExtractEvent } from '../../core/extract/extract-event.ts';
import { runExtraction } from '../../core/extract/run-extraction.ts';
import { demoPages } from '../../demo/catalogs/books.ts';
import { writeCatalogLibrary } from '../../demo/catalogs/library.ts';
import { CATALOG_FAULTS } from '../../demo/catalogs/plan.ts';
import { DEMO_KEY, startCatalogProvider } from '../../demo/catalogs/provider.ts';
import { catalogTruth } from '../../demo/catalogs/truth.ts';
import type { GeminiServer } from '../../demo/gemini/server.ts';
import { openLocalExtraction } from '../../runtime/local-extraction.ts';
import { catalogs } from '../../sources/catalogs/extraction.ts';
import { SleepingClock } from '../core/extract/support/world.ts';

let directory: string;
let clock: SleepingClock;
let server: GeminiServer;
let state: ReturnType<typeof openSqliteStateStore>;
let lake: ReturnType<typeof openDirectoryObjectStore>;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-extraction-'));
  clock = new SleepingClock();
  writeCatalogLibrary(join(directory, 'pages'), true);
  server = await startCatalogProvider(() => clock.now(), new Map());
  state = openSqliteStateStore(join(directory, 'state.sqlite'));
  lake = openDirectoryObjectStore(join(directory, 'lake'));
});
afterEach(async () => {
  await server.close();
  state.close();
  lake.close();
  rmSync(directory, { recursive: true, force: true });
});

const open = (env: Readonly<Record<string, string>> = {}, events: ExtractEvent[] = []) =>
  openLocalExtraction({
    ...{ extraction: catalogs, state, lake, clock, tell: (event) => void events.push(event) },
    env: {
      RESCRAPE_CATALOGS_LIBRARY: join(directory, 'pages'),
      RESCRAPE_CATALOGS_POLL_SECONDS: '1800',
      RESCRAPE_GEMINI_URL: server.url,
      GEMINI_API_KEY: DEMO_KEY,
      ...env,
    },
  });

/** As the provider's own log has it: how often a page was in a job that gave its answers out. */
function answeredAttempts(): Map<string, number> {
  const lost = new Set(CATALOG_FAULTS.jobs!.map(({ job }) => server.jobs[job - 1]?.name));
  const counts = new Map<string, number>();
  for (const { key, job } of server.attempts) if (!lost.has(job)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

it.each<Readonly<Record<string, string>>>([
  { RESCRAPE_CATALOGS_BATCH_SIZE: '6', RESCRAPE_CATALOGS_MAX_CONCURRENT_BATCHES: '4' },
  { RESCRAPE_CATALOGS_BATCH_SIZE: '3', RESCRAPE_CATALOGS_MAX_CONCURRENT_BATCHES: '2' },
  { RESCRAPE_CATALOGS_BATCH_SIZE: '1' },
  { RESCRAPE_CATALOGS_BATCH_SIZE: '100' },
])(
  'with %j every page of the demo ends as it must, and the provider is asked no more than that',
  async (env) => {
    const extraction = await open(env);
    try {
      expect(await runExtraction(extraction.context)).toMatchObject({
        kind: 'finished',
        active: 0,
        leftOut: [],
      });
      const pages = await pageStatuses(extraction.context);
      const truth = catalogTruth(true);
      expect(pages.map(({ key, reason, tries, lastFailure }) => [key, reason, tries, lastFailure])).toEqual(
        truth.map(({ key, end, tries, code }) => [key, end === 'result' ? 'done' : end, tries, code]),
      );
      const tries = truth.flatMap((each) => (each.tries > 0 ? [[each.key, each.tries] as const] : []));
      expect(answeredAttempts()).toEqual(new Map(tries));
      const sent = server.attempts.length;
      expect(await runExtraction(extraction.context)).toMatchObject({ kind: 'finished', sent: { pages: 0 } });
      expect(server.attempts).toHaveLength(sent);
    } finally {
      await extraction.close();
    }
  },
  60_000,
);

it('tells of labels that are none, and why a page has no image', async () => {
  const events: ExtractEvent[] = [];
  const extraction = await open({}, events);
  try {
    await runExtraction(extraction.context, { mostWaves: 1 });
    const labels = events.flatMap((event) => (event.kind === 'label' ? [event.notice.path] : []));
    expect(labels.map((path) => path.split('/').at(-1))).toEqual(['3.JSON', 'cover.json', 'notes.json']);
    const pages = await pageStatuses(extraction.context);
    expect(pages.find(({ key }) => key.startsWith('New York:Thornfield'))).toMatchObject({
      ...{ reason: 'no image', reasonText: expect.stringContaining('1.png is no JPEG, PNG or WebP') },
    });
  } finally {
    await extraction.close();
  }
});

it.each<[Readonly<Record<string, string>>, string]>([
  [
    { RESCRAPE_CATALOGS_LIBRARY: '' },
    'RESCRAPE_CATALOGS_LIBRARY is not set: give the directory of the pages',
  ],
  [{ GEMINI_API_KEY: '' }, 'GEMINI_API_KEY is not set'],
  [{ RESCRAPE_CATALOGS_PROVIDER: 'bedrock' }, 'RESCRAPE_BEDROCK_BUCKET is not set'],
])('%j is refused in one line', async (env, message) => {
  await expect(open(env)).rejects.toThrow(message);
});

it('a wrong key ends the run as refused, and loses no page', async () => {
  const extraction = await open({ GEMINI_API_KEY: 'wrong' });
  try {
    const end = await runExtraction(extraction.context);
    expect(end).toMatchObject({
      kind: 'refused',
      active: 0,
      refused: expect.stringContaining('API key not valid'),
    });
    expect(end.refused).not.toContain('wrong');
    expect(server.attempts).toEqual([]);
  } finally {
    await extraction.close();
  }
  const mended = await open();
  try {
    expect(await runExtraction(mended.context)).toMatchObject({ kind: 'finished' });
    const done = (await pageStatuses(mended.context)).filter(({ reason }) => reason === 'done');
    expect(done).toHaveLength(demoPages().length - 7);
  } finally {
    await mended.close();
  }
}, 60_000);
