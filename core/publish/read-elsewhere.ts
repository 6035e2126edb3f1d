import type { PartitionJob } from '../job.ts';
import { castRows, columnsOfRows } from '../lake/carried-rows.ts';
import { SchemaHistory } from '../lake/schema-history.ts';
import type { ItemResult, ScrapeResult } from '../lake/scrape-result.ts';
import type { Row } from '../schema/columns.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { SchemaRefusal } from './schema-refusal.ts';

/**
 * A scrape in today's schema: a program of another one may have read all of it, or pages of it, before this
 * process took its work up. What an older one read is cast by name; a newer one publishes itself.
 */
export async function resultOfToday(
  { platform, source }: PartitionJob,
  result: ScrapeResult,
): Promise<ScrapeResult | SchemaRefusal> {
  const { table, parserVersion } = source;
  const { fingerprint } = tableSchema(table);
  const history = new SchemaHistory(platform.lake, table.name);
  const items: ItemResult[] = [];
  let isOther = false;
  for (const each of result.items) {
    const { content, item } = each;
    const schema = (content.kind === 'records' ? content.schema : undefined) ?? result.schema ?? fingerprint;
    if (content.kind !== 'records' || schema === fingerprint) {
      items.push(each);
      continue;
    }
    isOther = true;
    const other = { fingerprint: schema, parserVersion: result.parserVersion };
    if (await history.isOlder({ fingerprint, parserVersion }, other))
      return { kind: 'older-program', parserVersion: result.parserVersion, isRead: true };
    // The time of the commit is stamped when the version is written; until then it is any.
    const read = content.records.map((row): Row => ({ ...row, _committed_at: row._scraped_at! }));
    const records = castRows({ columns: columnsOfRows(read), rows: read }, table);
    if (!Array.isArray(records))
      return { kind: 'cannot-carry', problem: { kind: 'misfit', item: item.id, isRead: true, ...records } };
    items.push({ ...each, content: { ...content, records, schema } });
  }
  return isOther ? { ...result, items } : result;
}
