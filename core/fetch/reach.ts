import { isProxyFailure, type OutcomeCode } from '../outcome/outcome.ts';
import type { Reach, Route } from './fetcher.ts';
import type { HopOptions } from './hop.ts';
import type { RobotsCache, RobotsCheck } from './robots.ts';
import { loadRobots } from './robots-loader.ts';

export interface ReachOptions extends HopOptions {
  /** Shared by every fetcher of a run. */
  readonly robots: RobotsCache;
  /**
   * How requests go that bring no route of their own, without the proxies that have just failed: undefined
   * where none is left. @default straight
   */
  readonly route?: (failed: ReadonlySet<string>) => Promise<Route | undefined>;
}

/**
 * A site that is not there to be asked: tried again later, and told apart from one that answers with an
 * error.
 */
const NOBODY_THERE: ReadonlySet<OutcomeCode> = new Set(['NETWORK_ERROR', 'TIMEOUT', 'REFUSED']);

/** Whether a site is there: reads its robots.txt, through each of the proxies where one fails. */
export async function reach(options: ReachOptions, url: URL, signal?: AbortSignal): Promise<Reach> {
  const { robots, politeness } = options;
  if (politeness.robots === 'ignore') return { kind: 'reached' };
  const failed = new Set<string>();
  let check: RobotsCheck | 'aborted';
  let route = await options.route?.(failed);
  for (;;) {
    const by = route;
    const load = (each: AbortSignal) => loadRobots(options, url.origin, each, by);
    check = await robots.check(url, politeness.userAgent, load, signal);
    if (check === 'aborted') return { kind: 'dropped' };
    if (!failedBy(check) || !route?.proxy) break;
    failed.add(route.proxy.id);
    const next = await options.route?.(failed);
    if (!next) break;
    route = next;
  }
  const { permission, request } = check;
  const asked = request === undefined ? {} : { robots: request };
  return permission.kind === 'unreachable' && NOBODY_THERE.has(permission.outcome.code)
    ? { kind: 'unreached', outcome: permission.outcome, ...asked }
    : { kind: 'reached', ...asked };
}

/** Whether it was a proxy that kept the file from being read. */
function failedBy({ permission }: RobotsCheck): boolean {
  return permission.kind === 'unreachable' && isProxyFailure(permission.outcome);
}
