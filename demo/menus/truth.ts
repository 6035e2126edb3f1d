import { type DemoOption, type DemoPotency, type DemoProduct, menuOf } from './menu.ts';
import type { DemoStore } from './stores.ts';

/** A row that a reader of a store's menu should find; the columns of `menu_products`. */
export interface MenuRowTruth {
  readonly store_id: string;
  readonly product_id: string;
  readonly option: string;
  readonly name: string;
  readonly brand: string | null;
  readonly category: string;
  readonly strain_type: string | null;
  readonly thc_pct: number | null;
  readonly cbd_pct: number | null;
  readonly thc_mg: number | null;
  readonly price: number | null;
  readonly special_price: number | null;
  readonly in_stock: boolean;
  readonly quantity: number | null;
}

/** How the crawl of a store ends in a round: with its rows, or with the code of what went wrong. */
export type CrawlTruth =
  | { readonly code: 'SUCCESS'; readonly rows: readonly MenuRowTruth[] }
  | { readonly code: 'HTML_CHANGED' | 'BLOCKED' | 'NO_RECORDS' | 'NOT_FOUND' | 'AUTH_FAILED' }
  /** It is not asked: its list of targets does not know enough of it. */
  | { readonly code: 'NEEDS_DETECTION' | 'NEEDS_PLATFORM_ID' };

export function crawlTruth(seed: number, store: DemoStore, round: number): CrawlTruth {
  if (store.lacks) return { code: store.lacks === 'platform_id' ? 'NEEDS_PLATFORM_ID' : 'NEEDS_DETECTION' };
  switch (store.trait) {
    case 'other-release':
      return { code: 'HTML_CHANGED' };
    case 'walled':
    case 'banned':
      return { code: 'BLOCKED' };
    case 'gone':
      return { code: 'NOT_FOUND' };
    case 'locked':
      return { code: 'AUTH_FAILED' };
    case 'empties':
      if (round > 1) return { code: 'NO_RECORDS' };
  }
  const rows = menuOf(seed, store, round).flatMap((product) => rowsOf(store, product));
  return { code: 'SUCCESS', rows };
}

function rowsOf(store: DemoStore, product: DemoProduct): MenuRowTruth[] {
  const { options, only } = product;
  return (only ? [only] : options)
    .filter(({ rec }) => rec !== null || (store.platform !== 'jane' && store.platform !== 'weedmaps'))
    .slice(0, store.platform === 'weedmaps' ? 1 : undefined)
    .map((option) => ({ ...factsOf(store, product), ...sizeOf(store, product, option) }));
}

function factsOf({ id, platform }: DemoStore, product: DemoProduct) {
  const isListing = platform === 'weedmaps';
  return {
    store_id: id,
    product_id: product.id,
    name: product.name,
    brand: product.brand,
    category: product.category === 'apparel' ? 'other' : product.category,
    strain_type: product.strain,
    thc_pct: isListing ? null : upper(product.thc, 'per-cent'),
    cbd_pct: isListing ? null : upper(product.cbd, 'per-cent'),
    thc_mg: platform === 'jane' || isListing ? null : upper(product.thc, 'milligrams'),
  };
}

function upper(potency: DemoPotency | null, unit: DemoPotency['unit']): number | null {
  return potency?.unit === unit ? (potency.range.at(-1) ?? null) : null;
}

function sizeOf({ platform, pricing, trait }: DemoStore, product: DemoProduct, size: DemoOption) {
  const price = pricing === 'med' ? size.med : size.rec;
  const special = pricing === 'med' ? size.medSpecial : size.recSpecial;
  const priced = { option: size.option, price, special_price: special };
  if (platform === 'weedmaps') return { ...priced, special_price: null, in_stock: true, quantity: null };
  if (platform === 'jane')
    return { ...priced, in_stock: size.units > 0 || product.only === null, quantity: null };
  if (platform === 'dutchie-plus' || trait === 'variants') {
    const quantity = product.stock === 'not-told' ? null : size.units;
    return { ...priced, in_stock: quantity !== 0, quantity };
  }
  const quantity = product.stock === 'not-told' ? null : size.units;
  const isForSale = product.active && !product.below && !size.below;
  return { ...priced, in_stock: isForSale && quantity !== 0, quantity };
}
