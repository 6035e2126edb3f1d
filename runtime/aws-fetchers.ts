import { NodeHttpClient } from '../adapters/web/node-http-client.ts';
import type { AwsPart, Given } from './aws.ts';
import { openFetchers } from './fetchers.ts';

/**
 * Requests to the sites of the sources. All containers keep the delays and the pauses of a site together,
 * through the table; `concurrency` is each container's own, so how many scrape side by side is the Map's
 * business.
 */
export function withFetchers({ settings, clock, state }: Given): ReturnType<AwsPart> {
  const fetchers = openFetchers(settings, clock, new NodeHttpClient(), state);
  return { ports: { fetcherFor: fetchers.of }, close: fetchers.close };
}
