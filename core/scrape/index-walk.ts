import type { ListedItem } from '../source/source.ts';
import type { Learned } from './checkpoint.ts';

/** Requests that one index may take; a list that goes on for longer goes on for ever. */
export const MAX_INDEX_PAGES = 50;

/** The page of an index that is to be asked for, and what the pages before it said. */
export interface IndexStep {
  /** From 0. */
  readonly page: number;
  /** Absolute. */
  readonly url: string;
  /** Of the pages that led here by `follow`, oldest first. */
  readonly notes: readonly string[];
  /** Addresses of the pages before it. */
  readonly asked: readonly string[];
  /** Items of the pages before it. */
  readonly listed: ReadonlySet<string>;
}

/** How far an index was read. */
export type IndexWalk =
  | { readonly kind: 'next'; readonly step: IndexStep }
  | {
      readonly kind: 'read';
      readonly pages: number;
      readonly items: readonly ListedItem[];
      /** What says that there is nothing, where the day is empty. */
      readonly sign?: string;
    };

/**
 * Goes from page to page as far as something was learned of them. `first`: the absolute address of the index.
 */
export function walkIndex(first: string, learnedOf: (page: number) => Learned | undefined): IndexWalk {
  const items: ListedItem[] = [];
  const listed = new Set<string>();
  const asked: string[] = [];
  const notes: string[] = [];
  let url = first;
  for (let page = 0; ; page++) {
    const learned = learnedOf(page);
    if (learned?.kind === 'empty') return { kind: 'read', pages: page + 1, items, sign: learned.reason };
    if (learned?.kind !== 'items' && learned?.kind !== 'follow')
      return { kind: 'next', step: { page, url, notes, asked, listed } };
    asked.push(url);
    if (learned.kind === 'follow') notes.push(learned.note);
    else {
      for (const item of learned.items) {
        items.push(item);
        listed.add(item.id);
      }
      if (learned.next === undefined) return { kind: 'read', pages: page + 1, items };
    }
    url = learned.kind === 'follow' ? learned.url : learned.next!;
  }
}
