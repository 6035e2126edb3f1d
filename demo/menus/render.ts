import type { DemoCategory, DemoOption, DemoPotency, DemoProduct } from './menu.ts';

/** One of the names that a platform has for a kind; shops write singular and plural. */
const LISTED_TYPES: Readonly<Record<DemoCategory, readonly string[]>> = {
  flower: ['Flower'],
  'pre-roll': ['Pre-Rolls', 'Pre-Roll'],
  vaporizer: ['Vaporizers'],
  concentrate: ['Concentrate', 'Concentrates'],
  edible: ['Edible', 'Edibles'],
  tincture: ['Tincture', 'Tinctures'],
  topical: ['Topicals'],
  accessory: ['Accessories'],
  apparel: ['Apparel'],
};
const VARIANT_CATEGORIES: Readonly<Record<DemoCategory, string>> = {
  flower: 'FLOWER',
  'pre-roll': 'PRE_ROLLS',
  vaporizer: 'VAPORIZERS',
  concentrate: 'CONCENTRATES',
  edible: 'EDIBLES',
  tincture: 'TINCTURES',
  topical: 'TOPICALS',
  accessory: 'ACCESSORIES',
  apparel: 'APPAREL',
};

/** A product as the platform's own pages list it: prices beside options, units in the order of the till. */
export function listedProduct(product: DemoProduct, at: number): object {
  const { options, only, stock } = product;
  const sizes = only ? [only] : options;
  const units = sizes.map(({ option, units: left }) => ({
    option: only ? 'N/A' : option,
    quantity: left + 2,
    quantityAvailable: left,
  }));
  const strains = { indica: 'Indica', sativa: 'Sativa', hybrid: 'Hybrid', cbd: 'CBD' };
  return {
    _id: product.id,
    id: product.id,
    enterpriseProductId: `e-${product.name.length}-${product.id.length}`,
    Name: at % 4 === 0 ? `${product.name} ` : product.name,
    brandName: at % 3 === 0 ? null : product.brand && ` ${product.brand}`,
    brand: product.brand === null ? null : { id: `b-${product.brand.length}`, name: `${product.brand} ` },
    type: LISTED_TYPES[product.category][at % LISTED_TYPES[product.category].length],
    subcategory: at % 2 === 0 ? null : 'whole-flower',
    strainType: product.strain ? strains[product.strain] : [null, 'N/A', 'null'][at % 3],
    Options: only ? (at % 2 === 0 ? [] : null) : options.map(({ option }) => option),
    Prices: untilLast(sizes.map(({ rec }) => rec)),
    recPrices: untilLast(sizes.map(({ rec }) => rec)),
    medicalPrices: untilLast(sizes.map(({ med }) => med)),
    recSpecialPrices: specials(sizes, ({ recSpecial, rec }) => recSpecial ?? (at % 5 === 0 ? rec : 0)),
    medicalSpecialPrices: specials(sizes, ({ medSpecial }) => medSpecial ?? 0),
    THC: null,
    CBD: null,
    THCContent: listedPotency(product.thc),
    CBDContent: listedPotency(product.cbd),
    POSMetaData:
      stock === 'till' ? { children: units.toReversed() } : at % 2 === 0 ? null : { children: null },
    manualInventory:
      stock === 'by-hand'
        ? units.map((one) => ({ option: one.option, inventory: one.quantityAvailable }))
        : [],
    Status: product.active ? 'Active' : 'Inactive',
    isBelowThreshold: product.below,
    optionsBelowThreshold: sizes.filter(({ below }) => below).map(({ option }) => (only ? null : option)),
  };
}

/** A list ends with the last size that has a price. */
function untilLast(prices: readonly (number | null)[]): (number | null)[] {
  return prices.slice(0, 1 + prices.findLastIndex((price) => price !== null));
}

/** Empty where nothing is on sale. */
function specials(
  sizes: readonly DemoOption[],
  of: (size: DemoOption) => number | null,
): readonly (number | null)[] {
  const prices = sizes.map(of);
  return prices.some((price) => price !== 0) ? untilLast(prices) : [];
}

function listedPotency(potency: DemoPotency | null): object | null {
  return potency && { unit: potency.unit === 'per-cent' ? 'PERCENTAGE' : 'MILLIGRAMS', range: potency.range };
}

/** The same as partners get it. */
export function variantProduct(product: DemoProduct): object {
  const sizes = product.only ? [product.only] : product.options;
  return {
    id: product.id,
    name: product.name,
    brand: product.brand === null ? null : { id: `b-${product.brand.length}`, name: product.brand },
    category: VARIANT_CATEGORIES[product.category],
    strainType: product.strain === 'cbd' ? 'HIGH_CBD' : (product.strain?.toUpperCase() ?? 'NOT_APPLICABLE'),
    potencyThc: variantPotency(product.thc),
    potencyCbd: variantPotency(product.cbd),
    variants: sizes.map(({ option, rec, med, recSpecial, medSpecial, units }) => ({
      option: product.only ? null : option,
      priceRec: rec,
      priceMed: med,
      specialPriceRec: recSpecial,
      specialPriceMed: medSpecial,
      quantity: product.stock === 'not-told' ? null : units,
    })),
  };
}

function variantPotency(potency: DemoPotency | null): object {
  const unit = potency?.unit === 'milligrams' ? 'mg' : '%';
  const range = potency?.range ?? [];
  return { formatted: range.map((end) => `${end}${unit}`).join(' - '), range, unit };
}

const JANE_WEIGHTS: Readonly<Record<string, string>> = {
  '.5g': 'half_gram',
  '1g': 'gram',
  '2g': 'two_gram',
  '1/8oz': 'eighth_ounce',
  '1/4oz': 'quarter_ounce',
  '1/2oz': 'half_ounce',
  '1oz': 'ounce',
  each: 'each',
};
const JANE_KINDS: Readonly<Partial<Record<DemoCategory, string>>> = {
  vaporizer: 'vape',
  concentrate: 'extract',
};

/** A hit of Jane's index: a field for each weight. */
export function janeHit(product: DemoProduct): object {
  const sizes = product.only ? [product.only] : product.options;
  const prices = sizes.flatMap(({ option, rec, recSpecial }) => {
    const sale = recSpecial === null ? null : { price: `${rec}`, discount_price: `${recSpecial}` };
    const weight = JANE_WEIGHTS[option]!;
    return [
      [`price_${weight}`, rec],
      [`special_price_${weight}`, sale],
    ];
  });
  const percent = (potency: DemoPotency | null) =>
    potency?.unit === 'per-cent' ? (potency.range.at(-1) ?? null) : null;
  return {
    objectID: `hit-${product.id}`,
    product_id: product.id,
    name: product.name,
    brand: product.brand,
    kind: JANE_KINDS[product.category] ?? product.category,
    category: product.strain,
    percent_thc: percent(product.thc),
    percent_cbd: percent(product.cbd),
    ...Object.fromEntries(prices),
    max_cart_quantity: product.only ? product.only.units : null,
  };
}

/** An item of a listing: one price. */
export function listingItem(product: DemoProduct): object {
  const size = product.only ?? product.options.find(({ rec }) => rec !== null)!;
  const names: Partial<Record<DemoCategory, string>> = { vaporizer: 'Vapes', 'pre-roll': 'Pre Rolls' };
  return {
    id: product.id,
    name: product.name,
    brand: product.brand === null ? null : { name: product.brand },
    category: { name: names[product.category] ?? product.category },
    genetics_tag: product.strain === null ? null : { name: product.strain },
    price: { price: size.rec, label: product.only ? null : size.option },
  };
}
