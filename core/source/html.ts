import { Buffer } from 'node:buffer';
import { readAsBrowser } from './html-browser.ts';
import { CR, LF } from './html-characters.ts';
import { ElementsOfPage, type HtmlElement } from './html-element.ts';
import type { HtmlNodes } from './html-nodes.ts';
import { readWellNested } from './html-scanner.ts';
import { bytesOf, type Page, type PageLifetime } from './page.ts';
import { DEFAULT_MAX_ELEMENTS, PageBudget } from './page-budget.ts';

export type { HtmlElement } from './html-element.ts';
export { HtmlIndex } from './html-index.ts';
export { collapse, hasClass, textOf } from './html-text.ts';

/**
 * Reads a page into a light tree, as a browser with scripts reads it: an element named `#page` with `html`
 * below it, and in that `head` and `body`, as in browsers also where the page does not write them (and
 * `tbody` in a table). Comments and the content of `DROPPED_TAGS` are left out. What is no HTML gives a tree
 * with little in it.
 *
 * Pages whose tags nest are read in one fast pass; where a browser would move or copy elements, parse5 reads
 * the page again. Throws a PageTooLargeError where the page makes more than `maxElements` elements, or is
 * otherwise beyond all measure. `maxElements`: of a page its own, where nobody says otherwise. Half of a
 * surrogate pair, which no bytes stand for, is U+FFFD. An element keeps the bytes of its page in memory;
 * texts and values of attributes do not.
 */
export function readHtml(page: string | Page, maxElements?: number): HtmlElement {
  return new ElementsOfPage(
    typeof page === 'string'
      ? nodesOf(Buffer.from(page), maxElements)
      : nodesOf(bytesOf(page), maxElements ?? page.maxElements, page.lifetime),
  ).at(0);
}

function nodesOf(
  bytes: Buffer,
  maxElements = DEFAULT_MAX_ELEMENTS,
  lifetime?: Readonly<PageLifetime>,
): HtmlNodes {
  const lines = bytes.includes(CR) ? withoutReturns(bytes) : bytes;
  const wellNested = lines.includes(0) ? undefined : readWellNested(lines, maxElements, lifetime);
  return wellNested ?? readAsBrowser(lines.toString('utf8'), new PageBudget(maxElements), lifetime);
}

/** `\r\n` and `\r` are one end of a line. */
function withoutReturns(bytes: Buffer): Buffer {
  const lines = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const c = bytes[at]!;
    if (c === LF && bytes[at - 1] === CR) continue;
    lines[length++] = c === CR ? LF : c;
  }
  return lines.subarray(0, length);
}

/**
 * A copy that shares no memory with a longer text. V8 makes a substring of 13 characters or more a view of
 * the whole string, so one kept word would keep all of it.
 */
export function own(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}
