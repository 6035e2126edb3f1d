import { bytesOf, keptPage, type Page } from '../../core/source/page.ts';
import type { Discovery, IndexContext, Partition, Rejected } from '../../core/source/source.ts';
import { readClassicIndex } from './classic/index-page.ts';
import { type Markup, readMarkup } from './markup.ts';
import { readNextIndex } from './next/index-page.ts';
import { parseIndexPath } from './race-path.ts';
import { rejected } from './rejected.ts';

/**
 * The races of one country on a day, each once, in the order of the page, with how each stands. Throws only
 * where the page is too large. A page counts only where its final address is the index of the day and where
 * it is whole: one that was redirected to another day, or cut off, is HTML_CHANGED.
 */
export function parseIndexPage(page: Page, partition: Partition, context: IndexContext): Discovery {
  const path = parseIndexPath(page.url);
  if (path?.date !== partition.date)
    return rejected('HTML_CHANGED', `the index is not of ${partition.date}: ${page.url.slice(0, 200)}`);
  const markup = readOnce(page);
  if (markup.kind === 'rejected') return markup;
  return markup.kind === 'next'
    ? readNextIndex(markup, partition, { ...context, isTimeOrder: path.isTimeOrder })
    : readClassicIndex(markup.page, partition);
}

/** The index that was read last: the countries of a day have one together, and ask for it one by one. */
let last: WeakRef<{ readonly page: Page; readonly markup: Markup }> | undefined;

function readOnce(page: Page): Markup | Rejected {
  const before = last?.deref();
  if (before && isSame(before.page, page)) return before.markup;
  const kept = keptPage(page);
  const markup = readMarkup(kept);
  // Nodes of today's markup collect the faults of their reader.
  last = markup.kind === 'classic' ? new WeakRef({ page: kept, markup }) : undefined;
  return markup;
}

function isSame(before: Page, page: Page): boolean {
  return (
    bytesOf(before).equals(bytesOf(page)) &&
    before.contentType === page.contentType &&
    before.maxElements === page.maxElements
  );
}
