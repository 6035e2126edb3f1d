import { type Random, seeded } from '../model/random.ts';
import type { DemoStore } from './stores.ts';

/** A product on the shelf of a store, in the words of no platform. */
export interface DemoProduct {
  readonly id: string;
  readonly name: string;
  readonly brand: string | null;
  readonly category: DemoCategory;
  readonly strain: 'indica' | 'sativa' | 'hybrid' | 'cbd' | null;
  readonly thc: DemoPotency | null;
  readonly cbd: DemoPotency | null;
  /** Empty where it has no sizes: then `only` says what one costs. */
  readonly options: readonly DemoOption[];
  readonly only: DemoOption | null;
  readonly active: boolean;
  /** Below what the shop keeps back for its counter. */
  readonly below: boolean;
  /** How the till tells its units. */
  readonly stock: 'till' | 'by-hand' | 'not-told';
}

export interface DemoPotency {
  readonly unit: 'per-cent' | 'milligrams';
  readonly range: readonly number[];
}

export interface DemoOption {
  readonly option: string;
  /** Dollars; null where the shop forgot it. */
  readonly rec: number | null;
  readonly med: number | null;
  readonly recSpecial: number | null;
  readonly medSpecial: number | null;
  readonly units: number;
  readonly below: boolean;
}

// Written a second time on purpose: a truth that took the list of the reader would agree with its mistakes.
const CATEGORIES = [
  'flower',
  'pre-roll',
  'vaporizer',
  'concentrate',
  'edible',
  'tincture',
  'topical',
  'accessory',
  'apparel',
] as const;
export type DemoCategory = (typeof CATEGORIES)[number];

const SIZES: Readonly<Record<DemoCategory, readonly string[]>> = {
  flower: ['1g', '3.5g', '7g', '14g'],
  'pre-roll': ['.5g', '1g'],
  vaporizer: ['.5g', '1g'],
  concentrate: ['1g', '2g'],
  edible: ['100mg'],
  tincture: ['30ml', '60ml'],
  topical: ['1oz'],
  accessory: [],
  apparel: [],
};
/** Jane has a field for each weight and none for other sizes. */
const JANE_SIZES = ['.5g', '1g', '2g', '1/8oz', '1/4oz', '1/2oz', '1oz'];
const BRANDS = ['Copper Canyon', 'Quartz Works', 'Silver Fork', 'Two Lanterns', 'Mesa Made', null];
const FIRST = ['Dune', 'Night', 'Canyon', 'Velvet', 'Chalk', 'Ember', 'Juniper', 'Mirage', 'Thunder'];
const SECOND = ['Haze', 'Kush', 'Drift', 'Diesel', 'Bloom', 'Sherbet', 'Mint', 'Glue', 'Punch'];

/** The menu of a store in a round, in the order of its pages: products stay, prices and stock move. */
export function menuOf(seed: number, store: DemoStore, round: number): DemoProduct[] {
  const products = Array.from({ length: store.products }, (_, at) => productOf(seed, store, at, round));
  return products.filter((_, at) => !isOffShelf(seed, store, at, round));
}

/** A product in thirty is sold out for a round and off the menu; never the first ones, which are pinned. */
function isOffShelf(seed: number, store: DemoStore, at: number, round: number): boolean {
  return at > 5 && seeded(seed, 'shelf', store.id, at, round).chance(1 / 30);
}

function productOf(seed: number, store: DemoStore, at: number, round: number): DemoProduct {
  const facts = seeded(seed, 'product', store.id, at);
  const now = seeded(seed, 'round', store.id, at, round);
  const category = facts.pick(CATEGORIES);
  const sizes = store.platform === 'jane' && SIZES[category].length > 0 ? JANE_SIZES : SIZES[category];
  const start = sizes.length > 1 ? facts.int(0, sizes.length - 1) : 0;
  const options = sizes.slice(start, start + 3).map((option, nth) => optionOf(facts, now, option, nth));
  const brand = facts.pick(BRANDS);
  const title = `${facts.pick(FIRST)} ${facts.pick(SECOND)}`;
  return {
    id: `${store.id}-${at}`,
    name: brand !== null && facts.chance(0.3) ? `${brand} | ${title}` : title,
    brand,
    category,
    strain: facts.pick(['indica', 'sativa', 'hybrid', 'cbd', null] as const),
    thc: potencyOf(facts, category),
    cbd: facts.chance(0.2) ? { unit: 'per-cent', range: [facts.int(1, 90) / 10] } : null,
    options,
    only: options.length > 0 ? null : optionOf(facts, now, 'each', 0),
    active: !now.chance(0.03),
    below: now.chance(0.03),
    stock: facts.pick(['till', 'till', 'till', 'by-hand', 'not-told'] as const),
  };
}

function potencyOf(facts: Random, category: DemoCategory): DemoPotency | null {
  if (category === 'accessory' || category === 'apparel') return null;
  if (category === 'edible') return { unit: 'milligrams', range: [facts.pick([50, 100, 200])] };
  const low = facts.int(120, 250) / 10;
  return facts.pick([
    null,
    { unit: 'per-cent', range: [] },
    { unit: 'per-cent', range: [low] },
    { unit: 'per-cent', range: [low, low + 2.5] },
  ] as const);
}

/** Sizes cost more the larger they are; a quarter of all prices move in a round, a fifth is on sale. */
function optionOf(facts: Random, now: Random, option: string, nth: number): DemoOption {
  const base = facts.int(6, 24) * (nth + 1) + (facts.chance(0.2) ? 0.5 : 0);
  const rec = nth === 2 && facts.chance(0.2) ? null : base + (now.chance(0.25) ? now.int(1, 4) : 0);
  const med = rec === null ? null : rec - 1;
  const sale = now.chance(0.2);
  return {
    option,
    rec,
    med,
    recSpecial: sale && rec !== null ? rec - now.int(1, 3) : null,
    medSpecial: sale && med !== null ? med - 2 : null,
    units: now.chance(0.1) ? 0 : now.int(1, 60),
    below: now.chance(0.04),
  };
}
