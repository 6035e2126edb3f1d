import pLimit from 'p-limit';
import type { Source } from '../source/source.ts';
import { requestsAtOnceOf } from '../source/source-policy.ts';

/**
 * Hosts in hand for each request that may be under way: most of them wait for their pace, a second or more
 * behind robots.txt, while a request takes a tenth of that.
 */
const HOSTS_PER_REQUEST = 8;

interface HostLimits {
  readonly perHost: number;
  readonly hosts: number;
}

/** How much of a source is in hand at once. */
export function limitsOf({ politeness }: Pick<Source, 'politeness'>): HostLimits {
  return { perHost: politeness.concurrency, hosts: HOSTS_PER_REQUEST * requestsAtOnceOf(politeness) };
}

/**
 * Does `work` for all items: those of one host so many at once, in their order, and so many hosts side by
 * side. An item that fails holds up no other; throws what the first one threw, when all have ended.
 */
export async function hostsSideBySide<Item>(
  items: readonly Item[],
  hostOf: (item: Item) => string,
  limits: HostLimits,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queues = [...Map.groupBy(items, hostOf).values()];
  const errors: unknown[] = [];
  const drain = async (queue: Iterator<Item>): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next())
      await work(next.value).catch((error: unknown) => errors.push(error));
  };
  const hosts = pLimit(limits.hosts);
  await hosts.map(queues, async (ofHost) => {
    const queue = ofHost.values();
    const workers = Math.min(limits.perHost, ofHost.length);
    await Promise.all(Array.from({ length: workers }, () => drain(queue)));
  });
  if (errors.length > 0) throw errors[0];
}
