import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { Target } from '../../../core/source/source.ts';
import type { ProductRow } from '../../../sources/menus/schema.ts';
import { menus } from '../../../sources/menus/source.ts';

/** A product, in the words of neither dialect. */
interface Product {
  readonly id: string;
  readonly name: string;
  readonly brand: string | null;
  readonly category: number;
  readonly strain: number;
  readonly thc: { readonly unit: 'pct' | 'mg'; readonly range: readonly number[] } | null;
  readonly options: readonly {
    readonly option: string;
    readonly price: number | null;
    readonly special: number | null;
    readonly quantity: number | null;
  }[];
  /** Decides how the till sorts its units. */
  readonly turned: boolean;
}

/** One thing, as the platform's own pages, as partners and as our rows call it. */
const CATEGORIES = [
  ['Flower', 'FLOWER', 'flower'],
  ['Pre-Rolls', 'PRE_ROLLS', 'pre-roll'],
  ['Vaporizers', 'VAPORIZERS', 'vaporizer'],
  ['Concentrate', 'CONCENTRATES', 'concentrate'],
  ['Edible', 'EDIBLES', 'edible'],
  ['Tincture', 'TINCTURES', 'tincture'],
  ['Topicals', 'TOPICALS', 'topical'],
  ['Accessories', 'ACCESSORIES', 'accessory'],
  ['Apparel', 'APPAREL', 'other'],
  ['CBD', 'CBD', 'other'],
  [null, 'NOT_APPLICABLE', 'other'],
] as const;
const STRAINS = [
  ['Indica', 'INDICA', 'indica'],
  ['Sativa', 'SATIVA', 'sativa'],
  ['Hybrid', 'HYBRID', 'hybrid'],
  ['N/A', 'NOT_APPLICABLE', null],
  ['null', null, null],
  [null, 'NOT_APPLICABLE', null],
] as const;

const cents = (most: number) => fc.integer({ min: 1, max: most }).map((count) => count / 100);
const product: fc.Arbitrary<Omit<Product, 'id'>> = fc.record({
  name: fc.constantFrom('Dune Haze', ' Mesa  Kush ', 'Canyon Chews | 100mg'),
  brand: fc.constantFrom(null, 'Copper', ' Quartz Works '),
  category: fc.nat({ max: CATEGORIES.length - 1 }),
  strain: fc.nat({ max: STRAINS.length - 1 }),
  thc: fc.option(
    fc.record({
      unit: fc.constantFrom('pct' as const, 'mg' as const),
      range: fc.array(cents(9000), { maxLength: 2 }),
    }),
  ),
  options: fc.uniqueArray(
    fc.record({
      option: fc.constantFrom('1g', '3.5g', '1/8oz', '.5g', '100mg', 'N/A'),
      price: fc.option(cents(20_000)),
      special: fc.option(cents(20_000)),
      quantity: fc.option(fc.integer({ min: 0, max: 90 })),
    }),
    { minLength: 1, maxLength: 4, selector: ({ option }) => option },
  ),
  turned: fc.boolean(),
});
const menu = fc
  .array(product, { minLength: 1, maxLength: 6 })
  .map((products) => products.map((one, at): Product => ({ id: `p-${at}`, ...one })));

/** Lists end where nothing more follows; where there is no sale they have 0. */
function listed({ id, name, brand, category, strain, thc, options, turned }: Product) {
  const untilLast = (numbers: readonly (number | null)[]) =>
    numbers.slice(0, 1 + numbers.findLastIndex((number) => number !== null && number !== 0));
  const known = options.filter(({ quantity }) => quantity !== null);
  const children = known.map(({ option, quantity }) => ({ option, quantity, quantityAvailable: quantity }));
  return {
    _id: id,
    Name: name,
    brandName: turned ? brand : null,
    brand: { id: 'b', name: brand },
    type: CATEGORIES[category]![0],
    strainType: STRAINS[strain]![0],
    Options: options.map(({ option }) => option),
    Prices: [],
    recPrices: untilLast(options.map(({ price }) => price)),
    recSpecialPrices: untilLast(options.map(({ special }) => special ?? 0)),
    THCContent: thc && { unit: thc.unit === 'pct' ? 'PERCENTAGE' : 'MILLIGRAMS', range: thc.range },
    CBDContent: null,
    POSMetaData: known.length > 0 ? { children: turned ? children.toReversed() : children } : null,
    Status: 'Active',
  };
}

function withVariants({ id, name, brand, category, strain, thc, options, turned }: Product) {
  const unit = thc?.unit === 'pct' ? '%' : 'mg';
  const written = thc?.range.map((end) => `${end}${unit}`).join(' - ') ?? '';
  return {
    id,
    name,
    brand: brand === null && turned ? null : { id: 'b', name: brand },
    category: CATEGORIES[category]![1],
    strainType: STRAINS[strain]![1],
    potencyThc: thc && { formatted: written, range: turned ? thc.range : [], unit },
    potencyCbd: null,
    variants: options.map(({ option, price, special, quantity }) => ({
      option,
      priceRec: price,
      priceMed: 1,
      specialPriceRec: special,
      specialPriceMed: 0.5,
      quantity,
    })),
  };
}

function truth({ id, name, brand, category, strain, thc, options }: Product): ProductRow[] {
  const upper = thc && thc.range.length > 0 ? Math.max(...thc.range) : null;
  return options.map(({ option, price, special, quantity }) => ({
    store_id: '12',
    product_id: id,
    option,
    name: name.trim().replace('  ', ' '),
    brand: brand?.trim() ?? null,
    category: CATEGORIES[category]![2],
    strain_type: STRAINS[strain]![2],
    thc_pct: thc?.unit === 'pct' ? upper : null,
    cbd_pct: null,
    thc_mg: thc?.unit === 'mg' ? upper : null,
    price,
    special_price: special !== null && price !== null && special < price ? special : null,
    in_stock: quantity !== 0,
    quantity,
  }));
}

const settings = { ...menus.ownSettings, hash_filtered_products: 'ab'.repeat(32) };
function read(menuType: 'dutchie' | 'dutchie-plus', data: object) {
  const attributes = { name: 'Twelve', state: 'AZ', menu_type: menuType, platform_id: 'x' };
  const store: Target = { id: '12', attributes };
  const [item] = menus.items(store, civilDate('2026-11-26'), settings);
  const text = JSON.stringify({ data });
  const url = new URL(item!.url, menus.baseUrl).href;
  return menus.parse(
    { url, status: 200, contentType: 'application/json', text },
    item!,
    { value: 'AZ', date: civilDate('2026-11-26') },
    { page: 0, requests: [item!], rowKeys: new Set(), settings },
  );
}

describe('a menu', () => {
  it('reads the same in both dialects, as it is', () => {
    fc.assert(
      fc.property(menu, (products) => {
        const rows = products.flatMap(truth);
        const queryInfo = { totalCount: null, totalPages: 1 };
        const own = { filteredProducts: { products: products.map(listed), queryInfo } };
        const mixed = { filteredProducts: { products: products.map(withVariants), queryInfo } };
        const partners = { menu: { products: products.map(withVariants) } };
        expect(read('dutchie', own)).toEqual({ kind: 'records', records: rows });
        expect(read('dutchie', mixed)).toEqual({ kind: 'records', records: rows });
        expect(read('dutchie-plus', partners)).toMatchObject({ kind: 'records', records: rows });
        for (const row of rows) expect(menus.table.schema.safeParse(row).success).toBe(true);
      }),
    );
  });
});
