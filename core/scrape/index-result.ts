import { validatorsOf } from '../fetch/validators.ts';
import type { PartitionJob } from '../job.ts';
import type { IndexResult } from '../lake/scrape-result.ts';
import type { IndexWalk } from './index-walk.ts';
import { evidenceOf } from './item-content.ts';
import type { LastTries } from './recorded-attempts.ts';

/**
 * Of a partition without an index: the list that its targets gave, as old as the first look at one of them;
 * milliseconds.
 */
export function listOfTargets(
  { baseUrl: url = '', parserVersion }: PartitionJob['source'],
  targets: readonly string[],
  checkedAt: number,
): IndexResult {
  return {
    kind: 'targets',
    index: { url, checkedAt, parserVersion, capture: null, ofTargets: true },
    targets,
  };
}

/** What the index said, by the last try at each of its pages. */
export function indexResult({ source }: PartitionJob, pages: LastTries, walk: IndexWalk): IndexResult {
  const first = pages.get(0);
  if (!first) return { kind: 'skipped', reason: 'the target is flagged' };
  if (walk.kind === 'next') {
    const { page } = walk.step;
    const message = `page ${page + 1} of the index was not asked for before the run gave up`;
    return { kind: 'failed', outcome: pages.get(page)?.outcome ?? { code: 'UNKNOWN_ERROR', message } };
  }
  const { checkedAt, capture, asOf, etag, lastModified } = evidenceOf(first);
  const oldest = Math.min(...[...pages.values()].map((page) => page.asOf ?? Number.NaN));
  // A list of several pages is never asked for conditionally: a 304 of one page says nothing of the others.
  const isOne = walk.pages === 1;
  return {
    kind: 'listed',
    index: {
      url: first.attempt.url,
      checkedAt,
      parserVersion: source.parserVersion,
      capture,
      ...(isOne && validatorsOf({ etag, lastModified })),
      ...(asOf !== undefined && Number.isFinite(oldest) && { asOf: oldest }),
      ...(!isOne && { pages: walk.pages }),
      ...(walk.sign !== undefined && { sign: walk.sign }),
    },
  };
}
