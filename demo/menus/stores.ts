/** What goes wrong with a store, or is odd about it; most have none. */
export type Trait =
  /** `queryInfo` is there, `totalCount` is null. */
  | 'count-not-told'
  /** Neither count is told: the list ends with an empty page. */
  | 'pages-not-told'
  /** Between its first page and its second, products come in at the top and one moves to the end. */
  | 'moves'
  /** In the dialect of partners, under the usual query. */
  | 'variants'
  /** The second page is 429 once, with Retry-After. */
  | 'limited-once'
  /** An answer of 200 with data and errors, once. */
  | 'errors-once'
  /** Its endpoint runs a release that knows another hash. */
  | 'other-release'
  /** The page of Cloudflare, with status 200. */
  | 'walled'
  /** The page of Cloudflare, with status 403. */
  | 'banned'
  /** Sells nothing from the second round on. */
  | 'empties'
  /** The platform does not have it. */
  | 'gone'
  /** Its key is out of date. */
  | 'locked';

/** A store of the demo, with what a list of targets says of it. All names are invented. */
export interface DemoStore {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly state: 'AZ' | 'NM';
  readonly city: string;
  readonly platform: 'dutchie' | 'dutchie-plus' | 'jane' | 'weedmaps';
  readonly platformId: string;
  readonly pricing: 'rec' | 'med';
  /** Products on its menu. */
  readonly products: number;
  readonly trait?: Trait;
  /** A path of the site other than the usual one. */
  readonly endpoint?: string;
  /** What its list of targets does not know yet. */
  readonly lacks?: 'menu_type' | 'unknown-menu_type' | 'platform_id';
}

type Row = readonly [name: string, city: string, products: number, more?: Partial<DemoStore>];

const ARIZONA: readonly Row[] = [
  ['Copper Door', 'Dry Creek', 96],
  ['Quartz & Sage', 'Dry Creek', 74, { trait: 'count-not-told' }],
  ['Night Heron', 'Saltbush', 120, { trait: 'moves' }],
  ['The Paper Lantern', 'Saltbush', 51],
  ['Blue Mesa Goods', 'Juniper Flat', 140, { trait: 'limited-once' }],
  ['Ocotillo House', 'Juniper Flat', 33],
  ['Second Rain', 'Lost Spring', 62, { trait: 'pages-not-told' }],
  ['Roadrunner Supply', 'Lost Spring', 88],
  ['Cinder Cone', 'Palo Alto Wash', 410],
  ['Turquoise Post', 'Palo Alto Wash', 45, { trait: 'variants' }],
  ['Velvet Ant', 'Red Gate', 57],
  ['Gila Corner', 'Red Gate', 70, { trait: 'walled' }],
  ['Three Saguaros', 'Red Gate', 66, { trait: 'errors-once' }],
  ['Dust Devil Depot', 'Hollow Rock', 39, { endpoint: '/api-2/graphql' }],
  ['Canyon Chain North', 'Hollow Rock', 48, { trait: 'other-release', endpoint: '/api-3/graphql' }],
  ['Canyon Chain South', 'Hollow Rock', 52, { trait: 'other-release', endpoint: '/api-4/graphql' }],
  ['Elm Street', 'Dry Creek', 40],
  ['Elm Street Medical', 'Dry Creek', 28, { pricing: 'med' }],
  ['Sundown Pantry', 'Saltbush', 44, { trait: 'empties' }],
  ['Kestrel & Co', 'Saltbush', 36, { platform: 'dutchie-plus' }],
  ['Lantern Hill', 'Juniper Flat', 60, { platform: 'jane' }],
  ['Lantern Valley', 'Juniper Flat', 25, { platform: 'jane', trait: 'locked' }],
  ['Birch Bay', 'Lost Spring', 72, { platform: 'weedmaps' }],
  ['Mirage Market', 'Lost Spring', 30, { lacks: 'menu_type' }],
];
const NEW_MEXICO: readonly Row[] = [
  ['Adobe Leaf', 'Chalk Mesa', 83],
  ['Bluebird Cooperative', 'Chalk Mesa', 55],
  ['Cold Spring', 'Three Wells', 99, { trait: 'count-not-told' }],
  ['Dry Thunder', 'Three Wells', 31],
  ['Ember & Rye', 'Old Crossing', 47, { trait: 'banned' }],
  ['Far Window', 'Old Crossing', 64],
  ['Ghost Pine', 'Old Crossing', 110, { trait: 'moves' }],
  ['High Lonesome', 'Sand Point', 38],
  ['Iron Swallow', 'Sand Point', 27, { pricing: 'med' }],
  ['Juniper Lane', 'Sand Point', 76, { platform: 'dutchie-plus' }],
  ['Long Shadow', 'Gray Bluff', 1040, { platform: 'jane' }],
  ['Moth & Flame', 'Gray Bluff', 58, { platform: 'weedmaps' }],
  ['Nine Mile', 'Gray Bluff', 20, { platform: 'weedmaps', trait: 'gone' }],
  ['Old Well', 'Chalk Mesa', 22, { lacks: 'platform_id' }],
  ['Pale Horse', 'Three Wells', 35, { lacks: 'platform_id' }],
  ['Quiet Corner', 'Three Wells', 26, { lacks: 'unknown-menu_type' }],
];

const FIRST_ID = 101;

/** The stores of the demo: 40 in two states. */
export const DEMO_STORES: readonly DemoStore[] = [
  ...ARIZONA.map((row) => ['AZ', row] as const),
  ...NEW_MEXICO.map((row) => ['NM', row] as const),
].map(([state, [name, city, products, more = {}]], at): DemoStore => {
  const platform = more.platform ?? 'dutchie';
  const slug = name.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  const ids = {
    // 24 hexadecimal digits, as stores have them; that of an old one has 17 letters and digits.
    dutchie: at % 11 === 5 ? `Xq7Rstu${'VwYz'.repeat(3).slice(0, 7)}${FIRST_ID + at}` : hexId(at),
    'dutchie-plus': `retailer-${FIRST_ID + at}`,
    jane: String(3100 + at),
    weedmaps: slug,
  };
  return {
    id: String(FIRST_ID + at),
    ...{ name, slug, state, city, platform, products, pricing: 'rec' },
    platformId: ids[platform],
    ...more,
  };
});

function hexId(at: number): string {
  return `64e1a0c2b7d35f0012${(0xab1000 + at).toString(16)}`;
}

/** The store of that id on a platform. */
export function storeAt(platform: DemoStore['platform'], platformId: string): DemoStore | undefined {
  return DEMO_STORES.find((store) => store.platform === platform && store.platformId === platformId);
}

/** A list of the stores as an operator would import it. `siteUrl`: of the demo site, for the shops' pages. */
export function storesCsv(siteUrl: string): string {
  const head = 'store_id,name,slug,state,menu_type,platform_id,pricing_type,endpoint,url';
  const lines = DEMO_STORES.map((store) => {
    const { lacks, platform, platformId } = store;
    const type = lacks === 'menu_type' ? '' : lacks === 'unknown-menu_type' ? 'unknown' : platform;
    const shop = `${siteUrl}/shops/${store.slug}`;
    return [
      ...[store.id, store.name, store.slug, store.state, type, lacks ? '' : platformId],
      ...[store.pricing, store.endpoint ?? '', shop],
    ].join(',');
  });
  return `${[head, ...lines].join('\n')}\n`;
}
