import { openSecrets } from '../adapters/aws/secrets.ts';
import { NodeHttpClient } from '../adapters/web/node-http-client.ts';
import type { AwsPart, Given } from './aws.ts';
import { openFetchers } from './fetchers.ts';
import { SettingError } from './setting-error.ts';
import { proxiesIn } from './settings.ts';

/**
 * Requests to the sites of the sources. All containers keep the delays and the pauses of a site together,
 * through the table; `concurrency` is each container's own, so how many scrape side by side is the Map's
 * business.
 */
export function withFetchers({ settings, clock, state, connection }: Given): ReturnType<AwsPart> {
  const secrets = openSecrets(connection);
  const listed = async (arn: string) => {
    const proxies = proxiesIn(arn, await secrets.text(arn));
    // Requests would go straight.
    if (proxies.length === 0) throw new SettingError(`${arn} lists no proxy`);
    return proxies;
  };
  const fetchers = openFetchers(settings, clock, new NodeHttpClient(), state, listed);
  return {
    ports: { fetcherFor: fetchers.of, routesFor: fetchers.routesOf },
    close: async () => {
      secrets.close();
      await fetchers.close();
    },
  };
}
