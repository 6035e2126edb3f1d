import { toPage } from '../fetch/decode.ts';
import { classifyResponse, type ResponseToJudge } from '../outcome/classify.ts';
import { isProxyFailure, type Outcome, type OutcomeCode, reasonText } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import { mayBeTheSite } from '../proxies/route-pool.ts';
import { type Page, startOf } from '../source/page.ts';
import { PageTooLargeError } from '../source/page-budget.ts';
import type { Partition, Source } from '../source/source.ts';
import type { Asked, AskedItem } from './asked.ts';
import type { Learned } from './checkpoint.ts';
import { type NothingLearned, oneLine, type PageParsed, rejection } from './page-parsed.ts';
import { parseIndex } from './parse-index.ts';
import { parseItem } from './parse-item.ts';
import { parseLookUp } from './parse-look-up.ts';

/** What no wall says: the page is what was asked for, whatever else is on it. */
const TELLING: ReadonlySet<Learned['kind']> = new Set(['records', 'items', 'found']);

/** How a host answers that is down, or that there is not. */
const AWAY: ReadonlySet<OutcomeCode> = new Set(['NETWORK_ERROR', 'TIMEOUT']);

/** A response, read: what it taught, or why it taught nothing. */
export interface Reading {
  readonly outcome: Outcome;
  readonly learned?: Learned;
  readonly decodedBytes?: number;
  /** What the parser has to say beside. */
  readonly notes?: string;
}

/**
 * Reads a response as the page that was asked for. Parser first: a page that yields valid records or lists
 * items is never a wall, whatever scripts it embeds; one that only says that there is nothing may well be.
 * Used by scrape and reparse alike. `receivedAt`: milliseconds.
 */
export function readResponse(
  source: Source,
  partition: Partition,
  asked: Asked,
  response: HttpResponse,
  receivedAt: number,
): Reading {
  return withoutOptional(source, asked, readPage(source, partition, asked, response, receivedAt));
}

/**
 * What the site or we refuse for good is nothing more to know where the request is optional: the item goes on
 * without it. So it does without another host than its own that is away still at the last try.
 */
export function withoutOptional(source: Source, asked: Asked, reading: Reading): Reading {
  const { outcome, learned } = reading;
  if (asked.kind !== 'item' || !asked.item.optional || learned) return reading;
  const { verdict, retriedLater } = DISPOSITIONS[outcome.code];
  const isRefused = verdict === 'park' && !retriedLater;
  if (!isRefused && !isOtherHostAway(source, asked, outcome)) return reading;
  const { url } = asked.item;
  const notes = oneLine(`the item is whole without ${url}: ${reasonText(outcome)}`);
  return { ...reading, learned: { kind: 'empty', reason: `${url}: ${outcome.code}` }, notes };
}

/** The item's own host is no less there than the item; of a proxy that fails nothing is known. */
function isOtherHostAway({ baseUrl }: Source, asked: AskedItem, outcome: Outcome): boolean {
  if (!asked.isLastTry || !AWAY.has(outcome.code)) return false;
  if (isProxyFailure(outcome) && !mayBeTheSite(outcome)) return false;
  const [own, other] = [asked.requests[0]!, asked.item].map(({ url }) => new URL(url, baseUrl).host);
  return own !== other;
}

function readPage(
  source: Source,
  partition: Partition,
  asked: Asked,
  response: HttpResponse,
  receivedAt: number,
): Reading {
  const decoded = toPage(response, source.limits.maxDecodedBytes, source.limits.maxElements);
  const judging = { response, policy: source.outcomes, now: receivedAt };
  if (decoded.kind === 'failed') return { outcome: classifyResponse(judging) ?? decoded.outcome };
  try {
    return {
      ...readDecoded(source, partition, asked, judging, decoded.page),
      decodedBytes: decoded.decodedBytes,
    };
  } finally {
    decoded.release();
  }
}

function readDecoded(
  source: Source,
  partition: Partition,
  asked: Asked,
  judging: ResponseToJudge,
  page: Page,
): Reading {
  const { response } = judging;
  const isWell = response.status >= 200 && response.status < 300;
  const parsed = isWell ? (partOf(response, page) ?? parsePage(source, partition, asked, page)) : undefined;
  const learned = parsed && 'learned' in parsed ? parsed.learned : undefined;
  const notes = parsed && 'learned' in parsed ? parsed.notes : undefined;
  const said = notes !== undefined && { notes };
  if (learned && TELLING.has(learned.kind)) return { outcome: { code: 'SUCCESS' }, learned, ...said };
  const judged = classifyResponse({ ...judging, page });
  if (learned && !judged) return { outcome: successOf(learned), learned, ...said };
  const refused = judged && refusalOf(source, asked, response.status, page, judged);
  const outcome = refused ?? judged ?? (parsed && 'outcome' in parsed ? parsed.outcome : undefined);
  return { outcome: outcome ?? { code: 'UNKNOWN_ERROR', message: `HTTP ${response.status}` } };
}

/** What the body of a refused request says, where nothing decisive was seen: the status alone judged it. */
function refusalOf(
  source: Source,
  asked: Asked,
  status: number,
  page: Page,
  { code }: Outcome,
): Outcome | undefined {
  if (!source.refusal || asked.kind === 'index' || status < 400 || status > 499) return undefined;
  if (code === 'BLOCKED' || code === 'RATE_LIMITED') return undefined;
  const refused = orThrown(() => source.refusal!(page, asked.item));
  return refused && ('kind' in refused ? rejection(refused) : refused).outcome;
}

/** What the code of a source answers; what it throws is the outcome of the page. */
function orThrown<Answer>(ask: () => Answer): Answer | NothingLearned {
  try {
    return ask();
  } catch (error) {
    if (error instanceof PageTooLargeError) return { outcome: { code: 'TOO_LARGE', message: error.message } };
    return rejection({ code: 'PARSE_ERROR', message: `the parser threw: ${String(error)}` });
  }
}

/** An answer that is less than a page: nothing in it is believed, and it is asked for again. */
function partOf({ status }: HttpResponse, page: Page): PageParsed | undefined {
  if (status === 206) return serverError('HTTP 206, a part of the page, which nobody asked for');
  return startOf(page) !== '' ? undefined : serverError(`HTTP ${status} without any content`);
}

function serverError(message: string): PageParsed {
  return { outcome: { code: 'SERVER_ERROR', message } };
}

/** Why an index asks for one more page is kept with its attempt. */
function successOf(learned: Learned): Outcome {
  return learned.kind === 'follow'
    ? { code: 'SUCCESS', message: oneLine(`${learned.note}; ${learned.url} is asked next`) }
    : { code: 'SUCCESS' };
}

function parsePage(source: Source, partition: Partition, asked: Asked, page: Page): PageParsed {
  return orThrown(() => {
    switch (asked.kind) {
      case 'index':
        return parseIndex(source, partition, asked, page);
      case 'item':
        return parseItem(source, partition, asked, page);
      case 'look-up':
        return parseLookUp(source, asked, page);
    }
  });
}
