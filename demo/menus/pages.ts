import { type DemoProduct, menuOf } from './menu.ts';
import type { DemoStore } from './stores.ts';

/** What the platform gives at most, whatever is asked for. */
const MOST_PER_PAGE = 50;
/** Products that stand at the top of every page. */
const PINNED = 2;

/** A page of a menu, with the place of each product in the menu. */
export interface ListPage {
  readonly products: readonly { readonly product: DemoProduct; readonly at: number }[];
  readonly totalCount: number;
  readonly totalPages: number;
}

/** Page `page`, from 0: the pinned products, then the next of the others. */
export function listPage(
  seed: number,
  store: DemoStore,
  round: number,
  page: number,
  perPage: number,
): ListPage {
  const all = menuOf(seed, store, round).map((product, at) => ({ product, at }));
  const size = Math.max(1, Math.min(perPage, MOST_PER_PAGE));
  const pinned = all.slice(0, PINNED);
  const others = all.slice(PINNED);
  const list = store.trait === 'moves' && page > 0 ? moved(store, others) : others;
  const shown = list.slice(page * size, (page + 1) * size);
  const totalPages = Math.ceil(list.length / size);
  return {
    products: page < totalPages ? [...pinned, ...shown] : [],
    totalCount: all.length,
    totalPages,
  };
}

/**
 * While one reads, two new products came in at the top, unseen by whoever has read it, and the first of the
 * others went to the end: there it comes a second time, as what slipped over the edge of a page does.
 */
function moved(store: DemoStore, list: ListPage['products']): ListPage['products'] {
  const [first, ...others] = list;
  const arrived = ['new-1', 'new-2'].map((id) => ({
    product: { ...first!.product, id: `${store.id}-${id}`, name: 'Just in' },
    at: 0,
  }));
  return [...arrived, ...others, first!];
}
