import { categoryOf, strainTypeOf, textOrNull } from '../classes.ts';
import { potencyOf } from '../potency.ts';
import { dollars, specialPrice } from '../prices.ts';
import { EACH, type ProductRow } from '../schema.ts';
import type { VariantProduct } from './product-shape.ts';

/** A row for each variant; a product without any is one row without a price. */
export function rowsOfVariants(
  storeId: string,
  product: VariantProduct,
  pricing: 'rec' | 'med',
): ProductRow[] {
  const thc = potencyOf(product.potencyThc);
  const facts = {
    store_id: storeId,
    product_id: product.id,
    name: textOrNull(product.name) ?? '',
    brand: textOrNull(product.brand?.name),
    category: categoryOf(product.category),
    strain_type: strainTypeOf(product.strainType),
    thc_pct: thc.pct,
    cbd_pct: potencyOf(product.potencyCbd).pct,
    thc_mg: thc.mg,
  };
  const variants = product.variants?.length ? product.variants : [{ option: null }];
  return variants.map((variant): ProductRow => {
    const { option, quantity = null } = variant;
    const price = dollars(pricing === 'med' ? variant.priceMed : variant.priceRec);
    const special = pricing === 'med' ? variant.specialPriceMed : variant.specialPriceRec;
    return {
      ...facts,
      option: textOrNull(option) ?? EACH,
      price,
      special_price: specialPrice(special, price),
      in_stock: quantity === null || quantity > 0,
      quantity,
    };
  });
}
