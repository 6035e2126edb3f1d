import * as z from 'zod';
import { cellsOf, type Row } from '../schema/columns.ts';
import type { Page } from '../source/page.ts';
import { type PageRequest, type Partition, rowKeyOf, type Source } from '../source/source.ts';
import type { AskedItem } from './asked.ts';
import { MAX_ITEM_REQUESTS } from './item-walk.ts';
import { isWebAddress, MAX_URL_LENGTH } from './listed-items.ts';
import {
  invalid,
  type NothingLearned,
  noRecords,
  oneLine,
  type PageParsed,
  rejection,
} from './page-parsed.ts';

const NO_KEYS: ReadonlySet<string> = new Set();

/** Reads a page of an item, and holds its records against the schema and the keys of the table. */
export function parseItem(source: Source, partition: Partition, asked: AskedItem, page: Page): PageParsed {
  const { item, page: at, requests: known, rowKeys = NO_KEYS } = asked;
  const context = { page: at, requests: known, rowKeys, settings: source.ownSettings };
  const parsed = source.parse(page, item, partition, context);
  if (parsed.kind === 'rejected') return rejection(parsed);
  const notes = parsed.notes === undefined ? {} : { notes: oneLine(parsed.notes) };
  if (parsed.kind === 'empty')
    return {
      learned: { kind: 'empty', reason: parsed.reason },
      notes: oneLine(parsed.notes ?? parsed.reason),
    };
  const { records, follow = [] } = parsed;
  if (records.length === 0 && follow.length === 0) return noRecords('the page has no records');
  const wrong = follow.find(
    ({ url }) => url.length > MAX_URL_LENGTH || !isWebAddress(URL.parse(url, page.url)),
  );
  if (wrong) return invalid(`the item goes on at ${wrong.url.slice(0, 200)}, which is no address`);
  const validated = validate(source, asked, records);
  if ('outcome' in validated) return validated;
  const learned = { kind: 'records', records: validated.records } as const;
  if (follow.length === 0) return { learned, ...notes };
  const requests = follow.map((request) => ({ ...request, url: new URL(request.url, page.url).href }));
  if (known.length + requests.length > MAX_ITEM_REQUESTS)
    return invalid(`the item takes more than ${MAX_ITEM_REQUESTS} requests`);
  const before = new Set(known.map((request) => requestKey(request, source.baseUrl)));
  const again = requests.find((request) => before.has(requestKey(request, source.baseUrl)));
  if (again) return invalid(`the item goes on at ${again.url}, which it had before`);
  return { learned: { ...learned, follow: requests }, ...notes };
}

function validate(
  source: Source,
  { item, rowKeys }: AskedItem,
  candidates: readonly unknown[],
): { readonly records: readonly Row[] } | NothingLearned {
  const { itemKey } = source.table;
  const schema = compiled(source.table.schema);
  const earlier = source.combine ? undefined : rowKeys;
  const records: Row[] = [];
  const problems: string[] = [];
  const keys = new Set<string>();
  for (const [at, candidate] of candidates.entries()) {
    const checked = schema.safeParse(candidate);
    if (!checked.success) {
      for (const issue of checked.error.issues)
        problems.push(`[${at}].${issue.path.join('.')}: ${issue.message}`);
      continue;
    }
    const record = cellsOf(source.table.schema, checked.data);
    if (String(record[itemKey]) !== item.id)
      problems.push(`[${at}].${itemKey}: ${record[itemKey]} is not item ${item.id}`);
    records.push(record);
    const key = rowKeyOf(source, record);
    if (keys.has(key)) problems.push(`[${at}]: row key ${key} stands twice`);
    if (earlier?.has(key)) problems.push(`[${at}]: row key ${key} stands on an earlier page of the item`);
    keys.add(key);
  }
  return problems.length > 0 ? invalid(problems.slice(0, 5).join('; ')) : { records };
}

/** Compiled once for each schema: field by field, a record takes eight times as long. */
const compiledSchemas = new WeakMap<z.ZodObject, z.ZodObject>();

function compiled(schema: z.ZodObject): z.ZodObject {
  const known = compiledSchemas.get(schema);
  if (known) return known;
  const made = z.compile(schema);
  compiledSchemas.set(schema, made);
  return made;
}

function requestKey({ url, method = 'GET', body = '' }: PageRequest, baseUrl: string | undefined): string {
  return `${method} ${new URL(url, baseUrl).href} ${body}`;
}
