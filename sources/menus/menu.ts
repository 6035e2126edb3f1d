import type { Page } from '../../core/source/page.ts';
import type {
  Item,
  ItemContext,
  OwnSettings,
  PageRequest,
  Parsed,
  Partition,
  Target,
} from '../../core/source/source.ts';
import { parseMenuPage } from './dutchie/menu-page.ts';
import { parsePlusPage, plusRequest } from './dutchie/plus.ts';
import { askedMenu, menuRequest } from './dutchie/request.ts';
import { isJane, janeRequest, parseJanePage } from './jane.ts';
import type { ProductRow } from './schema.ts';
import { type MenuType, menuTypeOf, type Store, storeOf } from './store.ts';
import { isWeedmaps, parseWeedmapsPage, weedmapsRequest } from './weedmaps.ts';

const FIRST_REQUESTS: Readonly<Record<MenuType, (store: Store, settings: OwnSettings) => PageRequest>> = {
  dutchie: (store, settings) => menuRequest(store, 0, settings),
  'dutchie-plus': (store, settings) => plusRequest(store, 0, settings),
  jane: janeRequest,
  weedmaps: weedmapsRequest,
};

/** The request for the first page of a store's menu; only for stores that are ready. */
export function menuOf(target: Target, settings: OwnSettings): PageRequest {
  return FIRST_REQUESTS[menuTypeOf(target) ?? 'dutchie'](storeOf(target), settings);
}

/** A page of a menu, by the request that it answers. */
export function parseMenu(
  page: Page,
  { id: storeId, target: _, ...request }: Item,
  _partition: Partition,
  context: ItemContext,
): Parsed<ProductRow> {
  const answered = { page, storeId, request, url: new URL(request.url, page.url), context };
  const { url } = answered;
  if (isJane(url)) return parseJanePage(answered);
  if (isWeedmaps(url)) return parseWeedmapsPage(answered);
  if (askedMenu(url)) return parseMenuPage(answered);
  return parsePlusPage(answered);
}
