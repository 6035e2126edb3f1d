import * as z from 'zod';
import { lazily } from '../../core/source/define-source.ts';
import { readJson } from '../../core/source/json.ts';
import type { OwnSettings, PageRequest, Parsed } from '../../core/source/source.ts';
import { categoryOf, strainTypeOf, textOrNull } from './classes.ts';
import { type AnsweredRequest, pageOfMenu, productsSeen } from './menu-pages.ts';
import { dollars } from './prices.ts';
import { rejected } from './rejected.ts';
import { EACH, type ProductRow } from './schema.ts';
import type { Store } from './store.ts';

const PAGE_SIZE = 50;
/** The site refuses what lies further back. */
const MAX_OFFSET = 10_000;
const PATH = /^\/discovery\/v1\/listings\/dispensaries\/[^/]+\/menu_items$/;

const named = lazily(() => z.object({ name: z.string().nullish() }).nullish());
const itemShape = lazily(() =>
  z.object({
    id: z.union([z.int(), z.string().min(1)]).transform(String),
    name: z.string(),
    brand: named(),
    category: named(),
    genetics_tag: named(),
    price: z.object({ price: z.number().nullish(), label: z.string().nullish() }).nullish(),
  }),
);
type MenuItem = z.infer<ReturnType<typeof itemShape>>;

const answer = lazily(() =>
  z.object({
    data: z.object({ menu_items: z.array(itemShape()) }),
    meta: z.object({ total_menu_items: z.int().nullish() }),
  }),
);

/** A page of a listing, from 1. */
export function weedmapsRequest(store: Store, settings: OwnSettings): PageRequest {
  const path = `/discovery/v1/listings/dispensaries/${encodeURIComponent(store.slug)}/menu_items`;
  const url = new URL(path, store.endpoint ?? settings.weedmaps_url);
  url.search = new URLSearchParams({ page: '1', page_size: String(PAGE_SIZE) }).toString();
  return { url: url.href, headers: { accept: 'application/json' } };
}

export function isWeedmaps(url: URL): boolean {
  return PATH.test(url.pathname);
}

export function parseWeedmapsPage({
  page,
  storeId,
  request,
  url,
  context,
}: AnsweredRequest): Parsed<ProductRow> {
  const read = readJson(page, answer());
  if (read.kind === 'rejected') return read;
  const items = read.value.data.menu_items;
  const total = read.value.meta.total_menu_items ?? undefined;
  if (total !== undefined && total > MAX_OFFSET)
    return rejected(
      'HTML_CHANGED',
      `the menu has ${total} items, and those behind ${MAX_OFFSET} are refused`,
    );
  const at = Number(url.searchParams.get('page'));
  const seen = productsSeen(context);
  for (const { id } of items) seen.add(id);
  return pageOfMenu({
    rows: items.map((item) => [rowOf(storeId, item)]),
    isFirst: at === 1,
    isLast: total === undefined ? undefined : seen.size >= total,
    next: () => {
      const next = new URL(url);
      next.searchParams.set('page', String(at + 1));
      return { ...request, url: next.href };
    },
    context,
  });
}

/** The menu shows one price of each item; what is left of it is not told. */
function rowOf(storeId: string, item: MenuItem): ProductRow {
  return {
    store_id: storeId,
    product_id: item.id,
    option: textOrNull(item.price?.label) ?? EACH,
    name: textOrNull(item.name) ?? '',
    brand: textOrNull(item.brand?.name),
    category: categoryOf(item.category?.name),
    strain_type: strainTypeOf(item.genetics_tag?.name),
    thc_pct: null,
    cbd_pct: null,
    thc_mg: null,
    price: dollars(item.price?.price),
    special_price: null,
    in_stock: true,
    quantity: null,
  };
}
