import { addDays } from '../calendar/civil-date.ts';
import { HtmlIndex, readHtml } from './html.ts';
import { bytesOf, endOf, type Page, startOf } from './page.ts';
import type { Discovery, Partition, Rejected, Source } from './source.ts';

/** Characters at the end of a page in which its end must stand: comments and counters come behind it. */
const TAIL = 4096;
/**
 * Days around the date of the partition whose indexes a link `rel=next` may lead to without being a second
 * page.
 */
const NEIGHBOURS = 31;

/** Why a page is not a page of the whole index that was asked for: another one, or one that was cut. */
export interface NotWhole {
  readonly code: Rejected['code'] | 'NETWORK_ERROR';
  readonly message: string;
}

/**
 * Holds an answer against what a whole index looks like (`WholeIndex`). `asked`: the absolute address of the
 * request.
 */
export function notWhole(
  source: Source,
  partition: Partition,
  page: Page,
  discovery: Exclude<Discovery, Rejected>,
  asked: string,
): NotWhole | undefined {
  const { sameAddress = true, contentTypes, relNext = true } = source.discover?.whole ?? {};
  if (sameAddress && !isSameAddress(page.url, asked))
    return changed(`the index answered under another address: ${page.url}`);
  if (contentTypes && !contentTypes.includes(page.contentType))
    return changed(
      `the index came as ${page.contentType || 'nothing named'}, not as ${contentTypes.join(', ')}`,
    );
  if (!relNext || !isHtmlPage(page) || isFollowed(discovery)) return undefined;
  const next = nextPage(source, partition, page, asked);
  return next === undefined
    ? undefined
    : changed(`the index goes on at ${next} (rel=next), which was not asked for`);
}

/**
 * Why an index is not read at all: it was cut on its way, and what its parser would say of the rest says
 * nothing.
 */
export function cutOff({ discover }: Source, page: Page): NotWhole | undefined {
  const { end = isHtmlPage(page) ? '</html>' : null } = discover?.whole ?? {};
  if (end === null || endsWith(page, end)) return undefined;
  const hint = discover?.whole?.end === undefined ? ' (a page that ends otherwise: discover.whole.end)' : '';
  return { code: 'NETWORK_ERROR', message: `the index was cut: ${String(end)} is not at its end${hint}` };
}

function changed(message: string): NotWhole {
  return { code: 'HTML_CHANGED', message };
}

function isFollowed(discovery: Exclude<Discovery, Rejected>): boolean {
  return discovery.kind === 'follow' || (discovery.kind === 'items' && discovery.next !== undefined);
}

function isHtmlPage(page: Page): boolean {
  const { contentType } = page;
  if (contentType === '') return startOf(page).startsWith('<');
  return contentType === 'text/html' || contentType === 'application/xhtml+xml';
}

function endsWith(page: Page, end: string | RegExp): boolean {
  const tail = endOf(page, TAIL);
  return typeof end === 'string'
    ? tail.toLowerCase().includes(end.toLowerCase())
    : new RegExp(end).test(tail);
}

/** `https://www.example.org/a/?b` and `http://example.org/a?b` are one address to those who run a site. */
export function isSameAddress(one: string, other: string): boolean {
  return addressOf(one) === addressOf(other);
}

function addressOf(url: string): string {
  const { host, pathname, search } = new URL(url);
  return `${host.replace(/^www\./, '')}${decoded(pathname).replace(/\/+$/, '')}${search}`;
}

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/**
 * Reading a page of 1.8 MB for a link that hardly any has would cost more than its parser does, and so would
 * making a text of it: white space may be the bytes of a character.
 */
const PERHAPS_NEXT = /\brel[\s\x80-\xff]{0,5}=[\s\x80-\xff]{0,5}["']?[\w\s\x80-\xff-]{0,60}\bnext\b/i;

/** The address that the page itself names as the next one of its list. */
function nextPage(source: Source, partition: Partition, page: Page, asked: string): string | undefined {
  if (!PERHAPS_NEXT.test(page.utf8 ? bytesOf(page).toString('latin1') : page.text)) return undefined;
  const index = new HtmlIndex(readHtml(page));
  for (const { attributes } of [...index.tag('link'), ...index.tag('a')]) {
    if (!/(?:^|\s)next(?:\s|$)/i.test(attributes.rel ?? '')) continue;
    const url = URL.parse(attributes.href ?? '', page.url);
    if (!url || !/^https?:$/.test(url.protocol)) continue;
    url.hash = '';
    if (!isSameAddress(url.href, asked) && !isOtherDate(source, partition, url.href, asked)) return url.href;
  }
  return undefined;
}

/** True for the index of a date nearby: such a link turns over the days, not the pages. */
function isOtherDate(source: Source, { value, date }: Partition, url: string, asked: string): boolean {
  for (let days = -NEIGHBOURS; days <= NEIGHBOURS; days++) {
    const other = source.discover!.url({ value, date: addDays(date, days) });
    if (days !== 0 && isSameAddress(new URL(other, asked).href, url)) return true;
  }
  return false;
}
