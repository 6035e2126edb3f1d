import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runExtraction } from '../../../core/extract/run-extraction.ts';
import { writeCatalogLibrary } from '../../../demo/catalogs/library.ts';
import { catalogModel } from '../../../demo/catalogs/model.ts';
import { CATALOG_FAULTS } from '../../../demo/catalogs/plan.ts';
import type { GeminiFaultPlan } from '../../../demo/gemini/faults.ts';
import { type GeminiServer, startGeminiServer } from '../../../demo/gemini/server.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import { openLocalExtraction } from '../../../runtime/local-extraction.ts';
import { catalogs } from '../../../sources/catalogs/extraction.ts';
import { STARTS_AT, testClock } from '../../e2e/support/test-time.ts';

const KEY = 'key-of-the-tests';

/** What goes wrong with pages alone: `catalogTruth(true)` says what comes of each. */
export const LINE_FAULTS: GeminiFaultPlan = { lines: CATALOG_FAULTS.lines!, order: 'reversed' };

/** The library of the demo, a provider that answers at once, and a directory for a lake. */
export class CatalogsDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'rescrape-catalogs-'));
  readonly library = join(this.path, 'pages');
  readonly lake = join(this.path, 'lake');
  readonly server: GeminiServer;

  private constructor(server: GeminiServer) {
    this.server = server;
    writeCatalogLibrary(this.library, true);
  }

  static async make(faults: GeminiFaultPlan = LINE_FAULTS): Promise<CatalogsDirectory> {
    const now = () => Date.parse(STARTS_AT);
    return new CatalogsDirectory(
      await startGeminiServer({ apiKey: KEY, now, answer: catalogModel(), faults }),
    );
  }

  /** What a user sets. */
  get env(): Readonly<Record<string, string>> {
    return {
      RESCRAPE_CATALOGS_LIBRARY: this.library,
      RESCRAPE_CATALOGS_POLL_SECONDS: '1',
      RESCRAPE_CATALOGS_BATCH_SIZE: '20',
      RESCRAPE_CATALOGS_INPUT_PRICE: '0.15',
      RESCRAPE_CATALOGS_OUTPUT_PRICE: '1.25',
      RESCRAPE_GEMINI_URL: this.server.url,
      GEMINI_API_KEY: KEY,
    };
  }

  /** Submits one batch of the pages of a state, and leaves it: its id. */
  async submitted(state: string): Promise<string> {
    const platform = openLocalPlatform({ directory: this.lake, env: {}, clock: testClock });
    const { state: store, lake, clock } = platform;
    const extraction = await openLocalExtraction({
      ...{ extraction: catalogs, state: store, lake, clock, env: this.env, tell: () => {} },
    });
    try {
      const { context } = extraction;
      await runExtraction(context, { filter: { states: [state] }, limit: 1, mostWaves: 1 });
      return (await context.batches.activeIds()).at(-1)!;
    } finally {
      await extraction.close();
      await platform.close();
    }
  }

  async remove(): Promise<void> {
    await this.server.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}
