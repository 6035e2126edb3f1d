/**
 * A process in which nobody catches what escapes: asks each of the odd servers, twice, and says how many it
 * lived through.
 */
import { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import { limits, request } from '../../contracts/http-request.ts';
import { serveRaw } from '../../contracts/loopback-site.ts';
import { ODD_SERVERS } from '../../contracts/odd-servers.ts';
import { say } from '../../e2e/support/played-process.ts';

const lives = ODD_SERVERS.map(async ({ talk }) => {
  await using site = await serveRaw(talk);
  const client = new NodeHttpClient();
  const hasty = limits({ headersMs: 200, bodyMs: 200, totalMs: 500 });
  for (let asked = 0; asked < 2; asked++) {
    await client.send(request(site.origin, hasty));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await client.close();
});
say((await Promise.all(lives)).length);
