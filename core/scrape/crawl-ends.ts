import type { ItemResult, ScrapeResult } from '../lake/scrape-result.ts';
import { isProxyFailure, type Outcome, type OutcomeCode } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import { targetOf } from '../source/partition.ts';
import type { Item } from '../source/source.ts';
import type { CrawlEnd } from '../targets/transitions.ts';

/** Which failure of several says how a crawl ended: a wall before all else. */
const WORST_FIRST = ['block', 'failure', 'not-found', 'none', 'success'] as const;

/** How the crawls of the targets of a result ended, by id. `unasked`: items that nobody came to ask for. */
export function crawlEnds(
  { index, items, partition }: ScrapeResult,
  unasked: readonly Item[],
): (target: string) => Pick<CrawlEnd, 'code' | 'records' | 'isOthers'> {
  const byTarget = Map.groupBy(items, ({ item }) => targetOf(item, partition));
  const late = new Set(unasked.map((item) => targetOf(item, partition)));
  return (target) => {
    const own = byTarget.get(target) ?? [];
    const codes = own.flatMap(({ content }) => codeOf(content));
    if (index.kind === 'failed' && target === partition.value) codes.push(index.outcome.code);
    const isCut = codes.length > 0 && own.some(({ content }) => content.kind === 'skipped');
    if (late.has(target) || isCut) codes.push('UNKNOWN_ERROR');
    const rank = (code: OutcomeCode) => WORST_FIRST.indexOf(DISPOSITIONS[code].counts);
    const code = codes.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
    const failed = own.flatMap(({ content }) => (content.kind === 'failed' ? [content.outcome] : []));
    const isOthers = failed.length > 0 && failed.every(isOthersMatter) && codes.length === own.length;
    return { code, records: recordsOf(own), isOthers };
  };
}

/** A proxy, or a service on the way that is full: the site of the target was not even asked. */
function isOthersMatter(outcome: Outcome): boolean {
  return outcome.code === 'QUEUE_FULL' || isProxyFailure(outcome);
}

function codeOf(content: ItemResult['content']): OutcomeCode[] {
  switch (content.kind) {
    case 'records':
    case 'empty':
      return ['SUCCESS'];
    case 'unchanged':
      return ['NOT_MODIFIED'];
    case 'failed':
      return [content.outcome.code];
    default:
      return [];
  }
}

function recordsOf(items: readonly ItemResult[]): number | null {
  let records = 0;
  for (const { content } of items) {
    if (content.kind !== 'records' && content.kind !== 'empty') return null;
    records += content.kind === 'records' ? content.records.length : 0;
  }
  return items.length > 0 ? records : null;
}
