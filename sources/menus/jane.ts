import * as z from 'zod';
import { lazily } from '../../core/source/define-source.ts';
import { readJson } from '../../core/source/json.ts';
import type { OwnSettings, PageRequest, Parsed } from '../../core/source/source.ts';
import { categoryOf, strainTypeOf, textOrNull } from './classes.ts';
import { type AnsweredRequest, pageOfMenu } from './menu-pages.ts';
import { dollars, specialPrice } from './prices.ts';
import { EACH, type ProductRow } from './schema.ts';
import type { Store } from './store.ts';

const HITS_PER_PAGE = 1000;
const PATH = '/1/indexes/menu-products-production/query';

/** The fields of prices() by weight, `price_gram` and `special_price_gram`, and what other menus call it. */
const OPTIONS = {
  half_gram: '.5g',
  gram: '1g',
  two_gram: '2g',
  eighth_ounce: '1/8oz',
  quarter_ounce: '1/4oz',
  half_ounce: '1/2oz',
  ounce: '1oz',
  each: EACH,
} as const;
type Weight = keyof typeof OPTIONS;
const WEIGHTS = Object.keys(OPTIONS) as Weight[];

const decimalText = lazily(() =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number),
);
const amount = lazily(() => z.union([z.number(), decimalText()]).nullish());
/** The price while on sale, alone or beside the one before. */
const special = lazily(() =>
  z.union([amount(), z.object({ discount_price: amount() }).transform(({ discount_price: price }) => price)]),
);
const prices = lazily(
  () =>
    Object.fromEntries(
      WEIGHTS.flatMap((weight) => [
        [`price_${weight}`, amount()],
        [`special_price_${weight}`, special()],
      ]),
    ) as Record<`price_${Weight}` | `special_price_${Weight}`, ReturnType<typeof special>>,
);

const hitShape = lazily(() =>
  z.object({
    ...prices(),
    product_id: z.union([z.int(), z.string().min(1)]).transform(String),
    name: z.string(),
    brand: z.string().nullish(),
    kind: z.string().nullish(),
    category: z.string().nullish(),
    percent_thc: amount(),
    percent_cbd: amount(),
    max_cart_quantity: z.number().nullish(),
  }),
);
type Hit = z.infer<ReturnType<typeof hitShape>>;

const answer = lazily(() => z.object({ hits: z.array(hitShape()), nbHits: z.int(), nbPages: z.int() }));
const body = lazily(() => z.object({ filters: z.string(), hitsPerPage: z.int(), page: z.int() }));

/** A page of a store's products in the index of Algolia, from 0. The key is public: it is for searching. */
export function janeRequest(store: Store, settings: OwnSettings): PageRequest {
  const { jane_key: key, jane_app_id: app } = settings;
  return {
    url: new URL(PATH, store.endpoint ?? settings.jane_url).href,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(app && { 'x-algolia-application-id': app }),
      ...(key && { 'x-algolia-api-key': key }),
    },
    body: JSON.stringify({ filters: `store_id = ${store.platformId}`, hitsPerPage: HITS_PER_PAGE, page: 0 }),
  };
}

export function isJane(url: URL): boolean {
  return url.pathname === PATH;
}

export function parseJanePage({ page, storeId, request, context }: AnsweredRequest): Parsed<ProductRow> {
  const read = readJson(page, answer());
  if (read.kind === 'rejected') return read;
  const asked = body().parse(JSON.parse(request.body ?? ''));
  const { hits, nbPages } = read.value;
  return pageOfMenu({
    rows: hits.map((hit) => rowsOfHit(storeId, hit)),
    isFirst: asked.page === 0,
    isLast: asked.page + 1 >= nbPages,
    next: () => ({ ...request, body: JSON.stringify({ ...asked, page: asked.page + 1 }) }),
    context,
  });
}

/** A row for each weight that has a price. How many are left is not told, only how many may be bought. */
function rowsOfHit(storeId: string, hit: Hit): ProductRow[] {
  const facts = {
    store_id: storeId,
    product_id: hit.product_id,
    name: textOrNull(hit.name) ?? '',
    brand: textOrNull(hit.brand),
    category: categoryOf(hit.kind),
    strain_type: strainTypeOf(hit.category),
    thc_pct: hit.percent_thc ?? null,
    cbd_pct: hit.percent_cbd ?? null,
    thc_mg: null,
    in_stock: hit.max_cart_quantity !== 0,
    quantity: null,
  };
  const rows = WEIGHTS.flatMap((weight): ProductRow[] => {
    const price = dollars(hit[`price_${weight}`]);
    if (price === null) return [];
    const sale = specialPrice(hit[`special_price_${weight}`], price);
    return [{ ...facts, option: OPTIONS[weight], price, special_price: sale }];
  });
  return rows.length > 0 ? rows : [{ ...facts, option: EACH, price: null, special_price: null }];
}
