import { NodeHttpClient } from '../adapters/web/node-http-client.ts';
import type { AwsPart, Given } from './aws.ts';
import { openFetchers } from './fetchers.ts';

/**
 * Requests to the sites of the sources. The host clock is one container's own: how many scrape side by side is the Map's
 * business.
 */
export function withFetchers({ settings, clock }: Given): ReturnType<AwsPart> {
  const fetchers = openFetchers(settings, clock, new NodeHttpClient());
  return { ports: { fetcherFor: fetchers.of }, close: fetchers.close };
}
