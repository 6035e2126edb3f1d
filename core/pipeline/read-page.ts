import { toPage } from '../fetch/decode.ts';
import type { Row } from '../lake/schema.ts';
import { classifyResponse } from '../outcome/classify.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import { PageTooLargeError } from '../source/html-budget.ts';
import { isIdentifier } from '../source/identifier.ts';
import type { Page } from '../source/page.ts';
import type { Item, Partition, Source } from '../source/source.ts';
import type { Learned } from './checkpoint.ts';

/** A response, read: what it taught, or why it taught nothing. */
export interface Reading {
  readonly outcome: Outcome;
  readonly learned?: Learned;
  readonly decodedBytes?: number;
}

/** What was asked for: decides which parser reads the answer. */
export type Asked =
  /** `known`: the items of the current version, which a 304 confirms. */
  | { readonly kind: 'index'; readonly item: Item; readonly known: readonly Item[] }
  | { readonly kind: 'item'; readonly item: Item };

/** Names that the attempts table gives to what is no item. */
const RESERVED_IDS: ReadonlySet<string> = new Set(['index', 'robots.txt']);

/** Characters; no browser and no proxy promises more, and failures and messages carry it. */
const MAX_URL_LENGTH = 2048;

type Parsed = { readonly learned: Learned } | { readonly outcome: Outcome };

/**
 * Reads a response as the page that was asked for. Parser first: a page that yields valid records is never a wall,
 * whatever scripts it embeds. Used by scrape and by reparse alike.
 */
export function readResponse(
  source: Source,
  partition: Partition,
  asked: Asked,
  response: HttpResponse,
): Reading {
  const decoded = toPage(response, source.limits.maxDecodedBytes, source.limits.maxElements);
  if (decoded.kind === 'failed') {
    return { outcome: classifyResponse({ response, policy: source.outcomes }) ?? decoded.outcome };
  }
  const { page, decodedBytes } = decoded;
  const parsed =
    response.status >= 200 && response.status < 300 ? parsePage(source, partition, asked, page) : undefined;
  if (parsed && 'learned' in parsed)
    return { outcome: { code: 'SUCCESS' }, learned: parsed.learned, decodedBytes };
  const outcome = classifyResponse({ response, page, policy: source.outcomes }) ?? parsed?.outcome;
  return { outcome: outcome ?? { code: 'UNKNOWN_ERROR', message: `HTTP ${response.status}` }, decodedBytes };
}

function parsePage(source: Source, partition: Partition, asked: Asked, page: Page): Parsed {
  try {
    return asked.kind === 'index'
      ? parseIndex(source, partition, page)
      : parseItem(source, partition, asked.item, page);
  } catch (error) {
    if (error instanceof PageTooLargeError) return { outcome: { code: 'TOO_LARGE', message: error.message } };
    return { outcome: { code: 'PARSE_ERROR', message: oneLine(`the parser threw: ${String(error)}`) } };
  }
}

function parseIndex(source: Source, partition: Partition, page: Page): Parsed {
  const discovery = source.discover.parse(page, partition, { attempt: 1, notes: [] });
  if (discovery.kind === 'rejected')
    return { outcome: { code: discovery.code, message: oneLine(discovery.message) } };
  if (discovery.kind === 'empty') return { learned: { kind: 'items', items: [] } };
  if (discovery.kind === 'follow')
    return { outcome: { code: 'NO_RECORDS', message: oneLine(discovery.note) } };
  const seen = new Set<string>();
  for (const item of discovery.items) {
    if (!isIdentifier(item.id))
      return invalid(`the index lists an item whose id is no identifier: ${JSON.stringify(item.id)}`);
    if (RESERVED_IDS.has(item.id)) return invalid(`the index lists an item with the reserved id ${item.id}`);
    if (item.url.length > MAX_URL_LENGTH)
      return invalid(`the index lists an address of ${item.url.length} characters for item ${item.id}`);
    if (seen.has(item.id)) return invalid(`the index lists item ${item.id} twice`);
    seen.add(item.id);
  }
  return { learned: { kind: 'items', items: discovery.items } };
}

function parseItem(source: Source, partition: Partition, item: Item, page: Page): Parsed {
  const parsed = source.parse(page, item, partition);
  if (parsed.kind === 'rejected') return { outcome: { code: parsed.code, message: oneLine(parsed.message) } };
  if (parsed.kind === 'empty') return { learned: { kind: 'empty', reason: parsed.reason } };
  if (parsed.records.length === 0)
    return { outcome: { code: 'NO_RECORDS', message: 'the page has no records' } };
  return validate(source, item, parsed.records);
}

function validate(source: Source, item: Item, candidates: readonly unknown[]): Parsed {
  const { schema, itemKey, rowKey } = source.table;
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
    const record = checked.data as Row;
    if (String(record[itemKey]) !== item.id)
      problems.push(`[${at}].${itemKey}: ${record[itemKey]} is not item ${item.id}`);
    const key = JSON.stringify(rowKey.map((name) => record[name]));
    if (keys.has(key)) problems.push(`[${at}]: row key ${key} stands twice`);
    keys.add(key);
    records.push(record);
  }
  return problems.length > 0
    ? invalid(problems.slice(0, 5).join('; '))
    : { learned: { kind: 'records', records } };
}

function invalid(message: string): Parsed {
  return { outcome: { code: 'VALIDATION_ERROR', message: oneLine(message) } };
}

/** Messages come from pages: one line of printable text, at most 500 characters. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 500);
}
