import * as z from 'zod';
import { lazily } from '../../../core/source/define-source.ts';

const amount = z.number().nullable();
const amounts = z.array(amount).nullish();
const text = z.string().nullish();
const potency = lazily(() =>
  z.object({ unit: text, range: z.array(amount).nullish(), formatted: text }).nullish(),
);

/** A product as the menus of the platform's own pages tell it: prices stand in lists beside the options. */
export const listedProductShape = lazily(() =>
  z.object({
    _id: z.string().min(1),
    Name: z.string(),
    brandName: text,
    brand: z.object({ name: text }).nullish(),
    type: text,
    strainType: text,
    Options: z.array(z.string().nullable()).nullish(),
    Prices: amounts,
    recPrices: amounts,
    medicalPrices: amounts,
    recSpecialPrices: amounts,
    medicalSpecialPrices: amounts,
    THCContent: potency(),
    CBDContent: potency(),
    POSMetaData: z
      .object({
        children: z
          .array(
            z.object({ option: text, quantity: amount.optional(), quantityAvailable: amount.optional() }),
          )
          .nullish(),
      })
      .nullish(),
    manualInventory: z.array(z.object({ option: text, inventory: amount.optional() })).nullish(),
    Status: text,
    isBelowThreshold: z.boolean().nullish(),
    optionsBelowThreshold: z.array(z.string().nullable()).nullish(),
  }),
);
export type ListedProduct = z.infer<ReturnType<typeof listedProductShape>>;

/** The same as partners and WordPress pages get it: each variant with its own prices. */
export const variantProductShape = lazily(() =>
  z.object({
    id: z.string().min(1),
    name: z.string(),
    brand: z.object({ name: text }).nullish(),
    category: text,
    strainType: text,
    potencyThc: potency(),
    potencyCbd: potency(),
    variants: z
      .array(
        z.object({
          option: text,
          priceRec: amount.optional(),
          priceMed: amount.optional(),
          specialPriceRec: amount.optional(),
          specialPriceMed: amount.optional(),
          quantity: amount.optional(),
        }),
      )
      .nullable(),
  }),
);
export type VariantProduct = z.infer<ReturnType<typeof variantProductShape>>;

/** Either: a product with `variants` is a partner's. */
export const productShape = lazily(() =>
  z.unknown().transform((product, context): ListedProduct | VariantProduct => {
    const isVariant = typeof product === 'object' && product !== null && 'variants' in product;
    const checked = (isVariant ? variantProductShape() : listedProductShape()).safeParse(product);
    if (checked.success) return checked.data;
    for (const { path, message } of checked.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  }),
);
