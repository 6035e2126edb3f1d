import { toPage } from '../fetch/decode.ts';
import { classifyResponse } from '../outcome/classify.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import { cellsOf, type Row } from '../schema/columns.ts';
import { PageTooLargeError } from '../source/html-budget.ts';
import { isIdentifier } from '../source/identifier.ts';
import type { Page } from '../source/page.ts';
import {
  type Item,
  LISTED_STATUSES,
  type ListedItem,
  type PageRequest,
  type Partition,
  type Rejected,
  rowKeyOf,
  type Source,
} from '../source/source.ts';
import { cutOff, isSameAddress, notWhole } from '../source/whole-index.ts';
import type { Learned } from './checkpoint.ts';
import { type IndexStep, MAX_INDEX_PAGES } from './index-walk.ts';
import { MAX_ITEM_REQUESTS } from './item-walk.ts';

/** A response, read: what it taught, or why it taught nothing. */
export interface Reading {
  readonly outcome: Outcome;
  readonly learned?: Learned;
  readonly decodedBytes?: number;
  /** What the parser has to say beside. */
  readonly notes?: string;
}

/** What was asked for: decides which parser reads the answer. */
export type Asked =
  | {
      readonly kind: 'index';
      readonly item: Item;
      readonly step: IndexStep;
      /** Try at this page in the run, from 1. */
      readonly attempt: number;
    }
  | {
      readonly kind: 'item';
      /** With the request that is asked: the item's own, or one that an answer asked for. */
      readonly item: Item;
      /** Which of the item's requests it is, from 0. */
      readonly page: number;
      /** All of its requests that are known by now. */
      readonly requests: readonly PageRequest[];
      /** Keys of the rows that its earlier pages gave. */
      readonly rowKeys?: ReadonlySet<string>;
    };
type AskedIndex = Extract<Asked, { kind: 'index' }>;
type AskedItem = Extract<Asked, { kind: 'item' }>;

/** Names that the attempts table gives to what is no item. */
const RESERVED_IDS: ReadonlySet<string> = new Set(['index', 'robots.txt']);

/** Characters; no browser and no proxy promises more, and failures and messages carry it. */
const MAX_URL_LENGTH = 2048;

const NO_KEYS: ReadonlySet<string> = new Set();

type RecordsRead =
  | { readonly learned: Learned; readonly records: readonly Row[] }
  | { readonly outcome: Outcome };
type Parsed = { readonly learned: Learned; readonly notes?: string } | { readonly outcome: Outcome };

/**
 * Reads a response as the page that was asked for. Parser first: a page that yields valid records or lists
 * items is never a wall, whatever scripts it embeds; one that only says that there is nothing may well be.
 * Used by scrape and reparse alike.
 */
export function readResponse(
  source: Source,
  partition: Partition,
  asked: Asked,
  response: HttpResponse,
): Reading {
  return withoutOptional(asked, readPage(source, partition, asked, response));
}

/**
 * What the site or we refuse for good is nothing more to know where the request is optional: the item goes on
 * without it.
 */
export function withoutOptional(asked: Asked, reading: Reading): Reading {
  const { outcome, learned } = reading;
  if (asked.kind === 'index' || !asked.item.optional || learned) return reading;
  const { verdict, retriedLater } = DISPOSITIONS[outcome.code];
  if (verdict !== 'park' || retriedLater) return reading;
  return { ...reading, learned: { kind: 'empty', reason: `${asked.item.url}: ${outcome.code}` } };
}

function readPage(source: Source, partition: Partition, asked: Asked, response: HttpResponse): Reading {
  const decoded = toPage(response, source.limits.maxDecodedBytes, source.limits.maxElements);
  if (decoded.kind === 'failed') {
    return { outcome: classifyResponse({ response, policy: source.outcomes }) ?? decoded.outcome };
  }
  const { page, decodedBytes } = decoded;
  const isWell = response.status >= 200 && response.status < 300;
  const parsed = isWell ? (partOf(response, page) ?? parsePage(source, partition, asked, page)) : undefined;
  const learned = parsed && 'learned' in parsed ? parsed.learned : undefined;
  const notes = parsed && 'learned' in parsed ? parsed.notes : undefined;
  const said = { decodedBytes, ...(notes !== undefined && { notes }) };
  if (learned?.kind === 'records' || learned?.kind === 'items')
    return { outcome: { code: 'SUCCESS' }, learned, ...said };
  const judged = classifyResponse({ response, page, policy: source.outcomes });
  if (learned && !judged) return { outcome: successOf(learned), learned, ...said };
  const refused = judged && refusalOf(source, asked, response.status, page, judged);
  const outcome = refused ?? judged ?? (parsed && 'outcome' in parsed ? parsed.outcome : undefined);
  return { outcome: outcome ?? { code: 'UNKNOWN_ERROR', message: `HTTP ${response.status}` }, decodedBytes };
}

/** What the body of a refused request says, where nothing decisive was seen: the status alone judged it. */
function refusalOf(
  source: Source,
  asked: Asked,
  status: number,
  page: Page,
  { code }: Outcome,
): Outcome | undefined {
  if (!source.refusal || asked.kind !== 'item' || status < 400 || status > 499) return undefined;
  if (code === 'BLOCKED' || code === 'RATE_LIMITED') return undefined;
  const refused = attempted(() => source.refusal!(page, asked.item));
  return refused && 'kind' in refused ? outcomeOf(refused) : refused;
}

function outcomeOf({ code, message }: Rejected): Outcome {
  return { code, message: oneLine(message) };
}

/** What the code of a source answers; what it throws is the outcome of the page. */
function attempted<Answer>(ask: () => Answer): Answer | Outcome {
  try {
    return ask();
  } catch (error) {
    if (error instanceof PageTooLargeError) return { code: 'TOO_LARGE', message: error.message };
    return { code: 'PARSE_ERROR', message: oneLine(`the parser threw: ${String(error)}`) };
  }
}

/** An answer that is less than a page: nothing in it is believed, and it is asked for again. */
function partOf({ status }: HttpResponse, { text }: Page): Parsed | undefined {
  if (status === 206) return serverError('HTTP 206, a part of the page, which nobody asked for');
  return /\S/.test(text) ? undefined : serverError(`HTTP ${status} without any content`);
}

function serverError(message: string): Parsed {
  return { outcome: { code: 'SERVER_ERROR', message } };
}

/** Why an index asks for one more page is kept with its attempt. */
function successOf(learned: Learned): Outcome {
  return learned.kind === 'follow'
    ? { code: 'SUCCESS', message: oneLine(`${learned.note}; ${learned.url} is asked next`) }
    : { code: 'SUCCESS' };
}

function parsePage(source: Source, partition: Partition, asked: Asked, page: Page): Parsed {
  const parsed = attempted(() =>
    asked.kind === 'index'
      ? parseIndex(source, partition, asked, page)
      : parseItem(source, partition, asked, page),
  );
  return 'code' in parsed ? { outcome: parsed } : parsed;
}

function parseIndex(source: Source, partition: Partition, asked: AskedIndex, page: Page): Parsed {
  const { step, attempt } = asked;
  const cut = cutOff(source, page);
  if (cut) return { outcome: { code: cut.code, message: cut.message } };
  const discovery = source.discover!.parse(page, partition, { attempt, notes: step.notes });
  if (discovery.kind === 'rejected') return { outcome: outcomeOf(discovery) };
  const problem = notWhole(source, partition, page, discovery, step.url);
  if (problem) return { outcome: { code: problem.code, message: oneLine(problem.message) } };
  switch (discovery.kind) {
    case 'empty':
      return emptyIndex(step, discovery.sign);
    case 'follow': {
      const url = nextAddress(step, page, discovery.url);
      return typeof url === 'string'
        ? { learned: { kind: 'follow', url, note: oneLine(discovery.note) } }
        : url;
    }
    case 'items': {
      if (discovery.items.length === 0)
        return noRecords('the index lists nothing, and nothing on it says that the day is empty');
      const wrong = wrongItem(source, step.listed, discovery.items);
      if (wrong !== undefined) return invalid(wrong);
      if (discovery.next === undefined) return { learned: { kind: 'items', items: discovery.items } };
      const next = nextAddress(step, page, discovery.next);
      return typeof next === 'string' ? { learned: { kind: 'items', items: discovery.items, next } } : next;
    }
  }
}

function emptyIndex({ page, listed }: IndexStep, sign: string): Parsed {
  if (sign.trim() === '') return noRecords('the day is said to be empty without a sign');
  if (listed.size > 0)
    return noRecords(
      `page ${page + 1} of the index says that there is nothing (${sign}), after ${listed.size} items`,
    );
  return { learned: { kind: 'empty', reason: oneLine(sign) }, notes: oneLine(sign) };
}

/**
 * The first thing that is wrong with listed items, after those of earlier pages; undefined where nothing is.
 */
export function wrongItem(
  { baseUrl }: Source,
  listed: ReadonlySet<string>,
  items: readonly ListedItem[],
): string | undefined {
  const seen = new Set(listed);
  for (const { id, url, status = 'ready' } of items) {
    if (!isIdentifier(id)) return `the index lists an item whose id is no identifier: ${JSON.stringify(id)}`;
    if (RESERVED_IDS.has(id)) return `the index lists an item with the reserved id ${id}`;
    if (url.length > MAX_URL_LENGTH)
      return `the index lists an address of ${url.length} characters for item ${id}`;
    if (!isWebAddress(URL.parse(url, baseUrl)))
      return `the index lists item ${id} at ${url}, which is no address`;
    if (!LISTED_STATUSES.includes(status)) return `the index lists item ${id} as ${JSON.stringify(status)}`;
    if (seen.has(id)) return `the index lists item ${id} twice`;
    seen.add(id);
  }
  return undefined;
}

/** The absolute address of the next page of an index, or why it is not asked for. */
function nextAddress({ page, url, asked }: IndexStep, { url: from }: Page, to: string): string | Parsed {
  const next = to.length > MAX_URL_LENGTH ? null : URL.parse(to, from);
  if (!next || !isWebAddress(next))
    return invalid(`the index goes on at ${to.slice(0, 200)}, which is no address`);
  next.hash = '';
  if ([...asked, url].some((before) => isSameAddress(before, next.href)))
    return invalid(`the index goes on at ${next.href}, which is a page that it had before`);
  if (page + 1 >= MAX_INDEX_PAGES) return invalid(`the index has more than ${MAX_INDEX_PAGES} pages`);
  return next.href;
}

function isWebAddress(url: URL | null): boolean {
  return url !== null && /^https?:$/.test(url.protocol);
}

function parseItem(source: Source, partition: Partition, asked: AskedItem, page: Page): Parsed {
  const { item, page: at, requests: asks, rowKeys = NO_KEYS } = asked;
  const context = { page: at, requests: asks, rowKeys, settings: source.ownSettings };
  const parsed = source.parse(page, item, partition, context);
  if (parsed.kind === 'rejected') return { outcome: outcomeOf(parsed) };
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
  if (follow.length === 0) return { learned: validated.learned, ...notes };
  const requests = follow.map((request) => ({ ...request, url: new URL(request.url, page.url).href }));
  if (asked.requests.length + requests.length > MAX_ITEM_REQUESTS)
    return invalid(`the item takes more than ${MAX_ITEM_REQUESTS} requests`);
  const known = new Set(asked.requests.map((request) => requestKey(request, source.baseUrl)));
  const again = requests.find((request) => known.has(requestKey(request, source.baseUrl)));
  if (again) return invalid(`the item goes on at ${again.url}, which it had before`);
  return { learned: { kind: 'records', records: validated.records, follow: requests }, ...notes };
}

function validate(source: Source, { item, rowKeys }: AskedItem, candidates: readonly unknown[]): RecordsRead {
  const { schema, itemKey } = source.table;
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
    const record = cellsOf(schema, checked.data);
    if (String(record[itemKey]) !== item.id)
      problems.push(`[${at}].${itemKey}: ${record[itemKey]} is not item ${item.id}`);
    records.push(record);
    const key = rowKeyOf(source, record);
    if (keys.has(key)) problems.push(`[${at}]: row key ${key} stands twice`);
    if (earlier?.has(key)) problems.push(`[${at}]: row key ${key} stands on an earlier page of the item`);
    keys.add(key);
  }
  return problems.length > 0
    ? invalid(problems.slice(0, 5).join('; '))
    : { learned: { kind: 'records', records }, records };
}

function requestKey({ url, method = 'GET', body = '' }: PageRequest, baseUrl: string | undefined): string {
  return `${method} ${new URL(url, baseUrl).href} ${body}`;
}

function noRecords(message: string): Parsed {
  return { outcome: { code: 'NO_RECORDS', message: oneLine(message) } };
}

function invalid(message: string): { readonly outcome: Outcome } {
  return { outcome: { code: 'VALIDATION_ERROR', message: oneLine(message) } };
}

/** Messages come from pages: one line of printable text, at most 500 characters. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 500);
}
