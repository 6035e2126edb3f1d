import * as z from 'zod';
import { defineSource, every, register } from '../../core/source/define-source.ts';
import { graphqlRefusal } from './graphql.ts';
import { storeLookUp } from './look-up.ts';
import { menuOf, parseMenu } from './menu.ts';
import { firstOfEach, ROW_KEY } from './menu-pages.ts';
import { productSchema } from './schema.ts';
import { readyStore, storeSchema } from './store.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be a hash of 64 hexadecimal digits' });
const address = z.url({ protocol: /^https?$/, error: 'must be an http(s) address' });

/**
 * Menus of licensed stores, a record an option of a product. Each store is read again every four hours, and
 * what is found belongs to the day on which it is found.
 */
export const menus = defineSource({
  name: 'menus',
  baseUrl: 'https://dutchie.com',
  timeZone: 'America/Phoenix',
  cadence: every({ minutes: 240 }),
  targets: register({ attributes: storeSchema, ready: readyStore, lookUp: storeLookUp }),
  settings: z.object({
    hash_filtered_products: hash.describe(
      'the sha256Hash that the pages of the platform send with FilteredProducts',
    ),
    hash_consumer_dispensaries: hash.optional(),
    plus_url: address.default('https://plus.dutchie.com/plus/2021-07/graphql'),
    jane_url: address.default('https://search.iheartjane.com'),
    jane_app_id: z.string().optional(),
    jane_key: z.string().optional(),
    weedmaps_url: address.default('https://api-g.weedmaps.com'),
  }),
  table: {
    name: 'menu_products',
    partitionBy: ['state', 'date'],
    itemKey: 'store_id',
    rowKey: ROW_KEY,
    schema: productSchema,
  },
  politeness: {
    concurrency: 2,
    minDelayMs: 250,
    robots: 'respect',
    userAgent: 'Rescrape/0.1 (+https://example.org/rescrape)',
  },
  outcomes: { rateLimitStatuses: [429], blockStatuses: [406], skipAfterBlocks: 1, skipAfterNotFound: 4 },
  retry: { attempts: 3, intervalSeconds: 2, backoffRate: 2 },
  expect: { minItems: 1, maxShrink: 0.5 },
  items: (store, _date, settings) => [{ id: store.id, ...menuOf(store, settings) }],
  parse: parseMenu,
  refusal: graphqlRefusal,
  combine: firstOfEach,
});
