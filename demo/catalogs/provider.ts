import { type GeminiServer, startGeminiServer } from '../gemini/server.ts';
import { catalogModel } from './model.ts';
import { CATALOG_FAULTS } from './plan.ts';

export const DEMO_KEY = 'key-of-the-demo';
/** A job is done after three quarters of an hour. */
const JOB_MS = 45 * 60_000;

/** The provider that reads the library, on loopback. `now`: of the clock that its client has. */
export function startCatalogProvider(now: () => number, hasFaults: boolean): Promise<GeminiServer> {
  const faults = hasFaults ? CATALOG_FAULTS : {};
  return startGeminiServer({ apiKey: DEMO_KEY, now, answer: catalogModel(), jobMs: JOB_MS, faults });
}
