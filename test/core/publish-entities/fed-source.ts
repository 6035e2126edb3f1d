import * as z from 'zod';
import type { CivilDate } from '../../../core/calendar/civil-date.ts';
import type { PublishResult } from '../../../core/lake/publish-result.ts';
import type { ItemResult, ScrapeResult } from '../../../core/lake/scrape-result.ts';
import type { Platform } from '../../../core/platform.ts';
import { publishResult } from '../../../core/publish/publish-over.ts';
import { recordPublish } from '../../../core/publish/record.ts';
import { mergeLogs } from '../../../core/run/merge-logs.ts';
import { itemHash } from '../../../core/scrape/item-changes.ts';
import { daily, defineSource } from '../../../core/source/define-source.ts';
import type { Row } from '../../../core/source/source.ts';
import { RunStore } from '../../../core/state/run-store.ts';
import { DATE, FEED } from './tutoring-world.ts';

/** Records of tutoring, a list an item. Nothing is fetched: tests say what a run has found. */
export const lists = defineSource({
  name: 'lists',
  baseUrl: 'https://lists.example',
  timeZone: 'UTC',
  cadence: daily({ at: '01:00', windowDays: 7 }),
  targets: [{ id: FEED }],
  table: {
    name: 'list_records',
    partitionBy: ['feed', 'date'],
    itemKey: 'list',
    rowKey: ['kind', 'id'],
    schema: z.object({ list: z.string(), kind: z.string(), id: z.string(), record: z.string() }),
  },
  expect: { minItems: 0, maxShrink: 1 },
  items: () => [],
  parse: () => ({ kind: 'empty', reason: 'nothing is fetched' }),
  enrich: {
    kinds: ['tutor', 'student', 'session'],
    recordOf: ({ kind, record }) => ({ kind: String(kind), record: JSON.parse(String(record)) }),
  },
});

type Lists = Readonly<
  Record<string, readonly (readonly [kind: string, id: string, record: object])[] | 'failed'>
>;

/** What a run of that date found, published as a run does it. */
export async function found(platform: Platform, said: Lists, date: CivilDate = DATE): Promise<PublishResult> {
  const runId = platform.newId();
  const runs = new RunStore(platform.state);
  const now = platform.clock.now();
  await runs.begin({ runId, source: lists.name, start: date, end: date, force: false }, now);
  const context = { platform, source: lists, runId, partition: { value: FEED, date } };
  const items = Object.entries(said).map(([list, records]): ItemResult => {
    const item = { id: list, url: `https://lists.example/${date}/${list}` };
    if (records === 'failed')
      return {
        item,
        attempts: 1,
        content: { kind: 'failed', outcome: { code: 'TIMEOUT', message: 'no answer' } },
      };
    const rows = records.map(
      ([kind, id, record]): Row => ({
        ...{ list, kind, id, record: JSON.stringify(record) },
        ...{
          _run_id: runId,
          _source_url: item.url,
          _scraped_at: new Date(now).toISOString(),
          _capture: `captures/${list}#0`,
        },
      }),
    );
    const evidence = { checkedAt: now, capture: null };
    const contentHash = itemHash(lists.table, rows);
    return { item, attempts: 1, content: { kind: 'records', records: rows, evidence, contentHash } };
  });
  const index = {
    url: 'https://lists.example',
    checkedAt: now,
    parserVersion: 1,
    capture: null,
    sign: 'none',
  };
  const result: ScrapeResult = {
    ...{ runId, origin: 'site', source: lists.name, partition: context.partition, parserVersion: 1 },
    ...{ index: { kind: 'listed', index }, items, attempts: items.length, wireBytes: 0 },
  };
  const answer = await publishResult(context, result);
  await recordPublish(context, result, answer, 'run');
  await mergeLogs(platform, lists, runId, [context.partition]);
  await runs.finish(lists.name, runId, { status: 'succeeded', at: now, message: '' });
  return answer;
}
