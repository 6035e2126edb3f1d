import type { Item } from '../source/source.ts';
import type { Learned } from './checkpoint.ts';

/** Requests that one item may take; what goes on for longer goes on for ever. */
export const MAX_ITEM_REQUESTS = 100;

/** How far an item was brought home. */
export type ItemWalk =
  /**
   * The item with the request that is to be made, which of its requests that is, from 0, and all of them that
   * are known.
   */
  | { readonly kind: 'next'; readonly page: number; readonly item: Item; readonly requests: readonly Item[] }
  | { readonly kind: 'whole'; readonly pages: number };

/**
 * Goes through the requests of an item, in the order in which answers asked for them, as far as they are
 * answered.
 */
export function walkItem(item: Item, learnedOf: (page: number) => Learned | undefined): ItemWalk {
  const requests: Item[] = [item];
  for (let page = 0; page < requests.length; page++) {
    const learned = learnedOf(page);
    if (!learned) return { kind: 'next', page, item: requests[page]!, requests };
    if (learned.kind !== 'records') continue;
    const { id, target } = item;
    for (const request of learned.follow ?? [])
      requests.push({ id, ...(target !== undefined && { target }), ...request });
  }
  return { kind: 'whole', pages: requests.length };
}
