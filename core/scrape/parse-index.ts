import type { Page } from '../source/page.ts';
import type { Partition, Source } from '../source/source.ts';
import { cutOff, isSameAddress, notWhole } from '../source/whole-index.ts';
import type { AskedIndex } from './asked.ts';
import { type IndexStep, MAX_INDEX_PAGES } from './index-walk.ts';
import { isWebAddress, MAX_URL_LENGTH, wrongItem } from './listed-items.ts';
import { invalid, noRecords, oneLine, type PageParsed, rejection } from './page-parsed.ts';

/** Reads a page of an index, and holds what its parser says against what a whole index looks like. */
export function parseIndex(source: Source, partition: Partition, asked: AskedIndex, page: Page): PageParsed {
  const { step, attempt } = asked;
  const cut = cutOff(source, page);
  if (cut) return rejection(cut);
  const discovery = source.discover!.parse(page, partition, { attempt, notes: step.notes });
  if (discovery.kind === 'rejected') return rejection(discovery);
  const problem = notWhole(source, partition, page, discovery, step.url);
  if (problem) return rejection(problem);
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
      const wrong = wrongItem(source, step.listed, discovery.items, 'the index');
      if (wrong !== undefined) return invalid(wrong);
      if (discovery.next === undefined) return { learned: { kind: 'items', items: discovery.items } };
      const next = nextAddress(step, page, discovery.next);
      return typeof next === 'string' ? { learned: { kind: 'items', items: discovery.items, next } } : next;
    }
  }
}

function emptyIndex({ page, listed }: IndexStep, sign: string): PageParsed {
  if (sign.trim() === '') return noRecords('the day is said to be empty without a sign');
  if (listed.size > 0)
    return noRecords(
      `page ${page + 1} of the index says that there is nothing (${sign}), after ${listed.size} items`,
    );
  return { learned: { kind: 'empty', reason: oneLine(sign) }, notes: oneLine(sign) };
}

/** The absolute address of the next page of an index, or why it is not asked for. */
function nextAddress({ page, url, asked }: IndexStep, { url: from }: Page, to: string): string | PageParsed {
  const next = to.length > MAX_URL_LENGTH ? null : URL.parse(to, from);
  if (!isWebAddress(next)) return invalid(`the index goes on at ${to.slice(0, 200)}, which is no address`);
  next.hash = '';
  if ([...asked, url].some((before) => isSameAddress(before, next.href)))
    return invalid(`the index goes on at ${next.href}, which is a page that it had before`);
  if (page + 1 >= MAX_INDEX_PAGES) return invalid(`the index has more than ${MAX_INDEX_PAGES} pages`);
  return next.href;
}
