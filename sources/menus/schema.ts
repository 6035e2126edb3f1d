import * as z from 'zod';
import { decimal } from '../../core/source/define-source.ts';

export const CATEGORIES = [
  'flower',
  'pre-roll',
  'vaporizer',
  'concentrate',
  'edible',
  'tincture',
  'topical',
  'accessory',
  'other',
] as const;
export const STRAIN_TYPES = ['indica', 'sativa', 'hybrid', 'cbd'] as const;
/** The option of a product that has none. */
export const EACH = 'each';

/** Dollars and cents. */
const price = decimal(10, 2).nullable();

/** One option of one product of a store, as its menu shows it. The state is the partition. */
export const productSchema = z.object({
  store_id: z.string().describe('Store, by our own identifier'),
  product_id: z.string().describe('Product in this store'),
  option: z.string().describe('Size as the menu names it; each where a product has no sizes'),
  name: z.string().describe('As shown; may carry brand, size and potency'),
  brand: z.string().nullable().describe('Null where the menu names none'),
  category: z.enum(CATEGORIES).describe('Kind of product; other for what is none of these'),
  strain_type: z.enum(STRAIN_TYPES).nullable().describe('Null where it has none'),
  thc_pct: z.number().nullable().describe('THC in per cent, the upper end of a range'),
  cbd_pct: z.number().nullable().describe('CBD in per cent, the upper end of a range'),
  thc_mg: z.number().nullable().describe('THC in milligrams, where the menu tells that'),
  price: price.describe('US dollars; null where the menu has no price for this option'),
  special_price: price.describe('US dollars while on sale; null where not below the price'),
  in_stock: z.boolean().describe('Whether it can be ordered online'),
  quantity: z.number().nullable().describe('Units left; null where the menu does not tell'),
});
export type ProductRow = z.infer<typeof productSchema>;
