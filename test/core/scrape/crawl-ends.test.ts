import { expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { ItemResult, ScrapeResult } from '../../../core/lake/scrape-result.ts';
import type { Outcome } from '../../../core/outcome/outcome.ts';
import { crawlEnds } from '../../../core/scrape/crawl-ends.ts';

const failed = (outcome: Outcome): ItemResult['content'] => ({ kind: 'failed', outcome });
const EMPTY = { kind: 'empty', reason: 'nothing' } as ItemResult['content'];
const SITE = failed({ code: 'NETWORK_ERROR' });
const PROXY = failed({ code: 'NETWORK_ERROR', rule: 'proxy/refused' });
const FULL = failed({ code: 'QUEUE_FULL' });

it.each([
  ['a proxy failed', [PROXY], 'NETWORK_ERROR', true],
  ['a service was full', [FULL], 'QUEUE_FULL', true],
  ['a proxy failed, and the rest is there', [EMPTY, PROXY], 'NETWORK_ERROR', true],
  ['a proxy failed and the site, too', [PROXY, SITE], 'NETWORK_ERROR', false],
  ['the site failed', [SITE], 'NETWORK_ERROR', false],
  ['all is there', [EMPTY], 'SUCCESS', false],
  ['nothing was asked', [], null, false],
] as const)('where %s the crawl tells whose matter that is', (_, contents, code, isOthers) => {
  const items = contents.map((content, nth) => ({ item: { id: `${nth}`, url: '/', target: 'a' }, content }));
  const result = {
    index: { kind: 'none' },
    items,
    partition: { value: 'AZ', date: civilDate('2026-11-26') },
  };
  expect(crawlEnds(result as unknown as ScrapeResult, [])('a')).toMatchObject({ code, isOthers });
});
