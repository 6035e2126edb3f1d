import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { civilDate } from '../core/calendar/civil-date.ts';
import type { ScrapeResult } from '../core/lake/scrape-result.ts';
import type { PartitionWork } from '../core/platform.ts';
import { readWorkList } from '../core/run/work-list.ts';
import type { Row } from '../core/schema/columns.ts';
import { readResult } from '../core/scrape/finalize.ts';
import { STAGES } from '../core/stages.ts';
import type { PlanAnswer } from '../core/workflow/workflow.ts';
import { openLocalPlatform } from '../runtime/local.ts';
import { racing } from '../sources/racing/source.ts';
import { startBenchSite } from './demo-site.ts';

/** What a scrape of so many days of the demo site gives, a result for each partition. */
export async function scrapedPartitions(days: number): Promise<ScrapeResult[]> {
  const site = await startBenchSite({ days });
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-overwrite-'));
  const env = { RESCRAPE_RACING_URL: site.url, RESCRAPE_RACING_MIN_DELAY_MS: '0' };
  const platform = openLocalPlatform({ directory, env, sources: [racing] });
  try {
    const window = { start: site.start, end: site.end };
    const input = { runId: platform.newId(), source: racing.name, ...window, force: false };
    const payload = { input, execution: input.runId };
    const planned = (await STAGES.plan(platform, payload as never, () => false)) as PlanAnswer;
    const results: ScrapeResult[] = [];
    for await (const work of readWorkList(platform, planned.workList.key) as AsyncIterable<PartitionWork>) {
      await STAGES.scrape(platform, work as never, () => false);
      const partition = { value: work.value, date: civilDate(work.date) };
      const [source] = platform.sources;
      const result = await readResult({ platform, source: source!, runId: input.runId, partition });
      results.push(result!);
    }
    return results;
  } finally {
    await platform.close();
    await site.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The column that says of a row which round wrote it. */
export const MARK = 'jockey';

/** The same, as another run learns it in which every row has changed. */
export function markedResult(result: ScrapeResult, runId: string, mark: string, at: number): ScrapeResult {
  const items = result.items.map((each) => {
    const { content } = each;
    if (content.kind !== 'records') return each;
    const { contentHash: _, ...rest } = content;
    const records = content.records.map((row): Row => ({ ...row, [MARK]: mark }));
    return { ...each, content: { ...rest, records, evidence: { ...content.evidence, checkedAt: at } } };
  });
  const { index } = result;
  if (index.kind !== 'listed') throw new Error(`the index of ${result.partition.date} was not read`);
  return { ...result, runId, items, index: { ...index, index: { ...index.index, checkedAt: at } } };
}

export function rowsOf({ items }: ScrapeResult): readonly Row[] {
  return items.flatMap(({ content }) => (content.kind === 'records' ? content.records : []));
}
