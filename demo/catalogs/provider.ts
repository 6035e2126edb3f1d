import { type GeminiServer, startGeminiServer } from '../gemini/server.ts';
import { catalogModel } from './model.ts';
import { faultsLeft } from './plan.ts';

export const DEMO_KEY = 'key-of-the-demo';
/** A job is done after three quarters of an hour. */
const JOB_MS = 45 * 60_000;

/**
 * The provider that reads the library, on loopback. `now`: of the clock that its client has; a server that
 * starts later has jobs of other names, and knows nothing of those before. `failures`: how often a page
 * failed before it started; undefined for a provider without faults. `retryDelay`: what a client is told to
 * wait that is too fast, by its own clock.
 */
export function startCatalogProvider(
  now: () => number,
  failures?: ReadonlyMap<string, number>,
  retryDelay?: string,
): Promise<GeminiServer> {
  return startGeminiServer({
    ...{ apiKey: DEMO_KEY, now, answer: catalogModel(), jobMs: JOB_MS },
    jobPrefix: `${now().toString(36)}-`,
    faults: failures ? faultsLeft(failures, retryDelay) : {},
  });
}
