import { join } from 'node:path';
import type { ExtractContext } from '../../core/extract/extract-context.ts';
import { FailureLog } from '../../core/extract/failure-log.ts';
import { clearBatch } from '../../core/extract/operate-batches.ts';
import { pageOfKey } from '../../core/extract/page-key.ts';
import { readResult } from '../../core/extract/result-object.ts';
import { writeCatalogLibrary } from '../../demo/catalogs/library.ts';
import { DEMO_KEY, startCatalogProvider } from '../../demo/catalogs/provider.ts';
import { catalogTruth, type PageTruth } from '../../demo/catalogs/truth.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { openLocalExtraction, publishPagesLocally } from '../../runtime/local-extraction.ts';
import { openLocalWarehouse } from '../../runtime/local-warehouse.ts';
import type { CatalogAnswer } from '../../sources/catalogs/answer.ts';
import { catalogs } from '../../sources/catalogs/extraction.ts';
import { interruptibleExtraction } from '../extract-runner.ts';
import { type PageStatus, pageStatuses } from '../page-status.ts';
import type { Demo, ExtractedEnd } from './demo.ts';
import { skippingClock } from './skipping-clock.ts';

/** Few pages a batch and few batches at once, so that there is something to see. */
const SETTINGS = {
  RESCRAPE_CATALOGS_BATCH_SIZE: '6',
  RESCRAPE_CATALOGS_MAX_CONCURRENT_BATCHES: '4',
  RESCRAPE_CATALOGS_POLL_SECONDS: '1800',
  RESCRAPE_CATALOGS_INPUT_PRICE: '0.15',
  RESCRAPE_CATALOGS_OUTPUT_PRICE: '1.25',
  GEMINI_API_KEY: DEMO_KEY,
};

/** A job that expires takes two days: by then its clock is at most where the machine's is. */
const BEHIND_MS = 4 * 24 * 3_600_000;

/** Days of waiting for a provider, on a clock that nobody waits for. */
export const catalogsDemo: Demo<ExtractedEnd> = {
  name: 'catalogs',
  about: 'twelve books whose pages a model reads in batches, of which some fail, expire or come back torn',
  async play({ directory, clock: machine, hasFaults, progress }) {
    const clock = skippingClock(machine, BEHIND_MS);
    const library = join(directory, 'demo', hasFaults ? 'catalogs' : 'catalogs-without-faults');
    writeCatalogLibrary(library, hasFaults);
    const platform = openLocalPlatform({ directory, clock, env: {}, onEvent: () => {} });
    const { state, lake } = platform;
    const failures = await failuresOf(new FailureLog(state, catalogs.name));
    const server = await startCatalogProvider(clock.now, hasFaults ? failures : undefined);
    const env = { ...SETTINGS, RESCRAPE_CATALOGS_LIBRARY: library, RESCRAPE_GEMINI_URL: server.url };
    try {
      const extraction = await openLocalExtraction({
        ...{ extraction: catalogs, state, lake, clock, env },
        tell: (event) => progress.onExtract(event),
      });
      const { context } = extraction;
      try {
        await clearEarlier(context);
        const run = await interruptibleExtraction(
          context,
          { onWave: (wave) => progress.onWave(wave) },
          'interrupted; the next start sends again what was in flight',
        );
        await publishPagesLocally(platform, context);
        const pages = await pageStatuses(context);
        const labelled = new Set(pages.map(({ key }) => key));
        return {
          ...{ kind: 'extracted', source: catalogs.name, directory, library, run, pages },
          batches: (await Array.fromAsync(context.batches.list())).reverse(),
          failures: (await Array.fromAsync(context.failures.list())).filter(({ page }) => labelled.has(page)),
          maxRetries: context.settings.maxRetries,
          mismatches: await mismatches(
            context,
            pages,
            catalogTruth(hasFaults),
            await publishedCourses(platform),
          ),
        };
      } finally {
        await extraction.close();
      }
    } finally {
      await platform.close();
      await server.close();
    }
  },
};

/** How often each page failed. */
async function failuresOf(log: FailureLog): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const { page } of log.list()) counts.set(page, (counts.get(page) ?? 0) + 1);
  return counts;
}

/** The provider of an earlier start that was ended half way is gone, and its jobs with it. */
async function clearEarlier(context: ExtractContext): Promise<void> {
  const { batches, clock } = context;
  for (const id of await batches.activeIds()) {
    const answer = await clearBatch(context, id);
    if (answer.kind !== 'busy') continue;
    await clock.sleep(answer.until - clock.now());
    await clearBatch(context, id);
  }
}

/** What is otherwise than the demo says that it must be. */
async function mismatches(
  context: ExtractContext,
  pages: readonly PageStatus[],
  truth: readonly PageTruth[],
  published: ReadonlyMap<string, unknown>,
): Promise<string[]> {
  const found = new Map(pages.map((page) => [page.key, page]));
  const lines: string[] = [];
  for (const expected of truth) {
    const page = found.get(expected.key);
    found.delete(expected.key);
    const is = page && {
      key: page.key,
      end: page.reason === 'done' ? 'result' : page.reason,
      tries: page.tries,
      code: page.lastFailure,
      courses: await coursesOf(context, page.key),
    };
    if (JSON.stringify(is) !== JSON.stringify(expected))
      lines.push(`${expected.key}: ${JSON.stringify(is)} in place of ${JSON.stringify(expected)}`);
    const inTables = JSON.stringify(published.get(expected.key));
    const inTruth = expected.end === 'result' ? JSON.stringify(expected.courses) : undefined;
    if (inTables !== inTruth)
      lines.push(`${expected.key}: the tables have ${inTables} in place of ${inTruth}`);
  }
  for (const key of found.keys()) lines.push(`${key}: no such page is labelled`);
  return lines;
}

async function coursesOf({ lake, extraction }: ExtractContext, key: string): Promise<unknown> {
  const read = await readResult(lake, extraction, pageOfKey(key));
  if (read.kind !== 'result') return read.kind === 'none' ? [] : read.reason;
  const { courses } = read.answer as CatalogAnswer;
  return courses.map(({ course_name, department }) => ({ course_name, department }));
}

/** The courses of each page that the tables have, by its key. */
async function publishedCourses(platform: LocalPlatform): Promise<ReadonlyMap<string, unknown>> {
  const warehouse = await openLocalWarehouse(platform);
  try {
    const pages = await warehouse.query('SELECT page_key FROM catalog_pages');
    const courses = new Map(pages.rows.map(({ page_key }): [string, object[]] => [String(page_key), []]));
    const { rows } = await warehouse.query(
      'SELECT page_key, course_name, department FROM courses ORDER BY page_key, position',
    );
    for (const { page_key, course_name, department } of rows)
      courses.get(String(page_key))?.push({ course_name, department });
    return courses;
  } finally {
    await warehouse.close();
  }
}
