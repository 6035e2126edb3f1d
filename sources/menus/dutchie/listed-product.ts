import { categoryOf, strainTypeOf, textOrNull } from '../classes.ts';
import { potencyOf } from '../potency.ts';
import { dollars, specialPrice } from '../prices.ts';
import { EACH, type ProductRow } from '../schema.ts';
import type { ListedProduct } from './product-shape.ts';

/** A row for each option. What a list of prices does not reach has none: never that of its neighbour. */
export function rowsOfListed(storeId: string, product: ListedProduct, pricing: 'rec' | 'med'): ProductRow[] {
  const thc = potencyOf(product.THCContent);
  const facts = {
    store_id: storeId,
    product_id: product._id,
    name: textOrNull(product.Name) ?? '',
    brand: textOrNull(product.brandName) ?? textOrNull(product.brand?.name),
    category: categoryOf(product.type),
    strain_type: strainTypeOf(product.strainType),
    thc_pct: thc.pct,
    cbd_pct: potencyOf(product.CBDContent).pct,
    thc_mg: thc.mg,
  };
  const { prices, specials } = listsOf(product, pricing);
  const options = product.Options?.length ? product.Options : [null];
  return options.map((written, at): ProductRow => {
    const price = dollars(prices[at]);
    const quantity = quantityOf(product, written);
    return {
      ...facts,
      option: textOrNull(written) ?? EACH,
      price,
      special_price: specialPrice(specials[at], price),
      in_stock: isForSale(product, written) && (quantity === null || quantity > 0),
      quantity,
    };
  });
}

type Amounts = readonly (number | null)[];

/** Those of the menu that was asked for; a menu without lists of its own has the common one. */
function listsOf(product: ListedProduct, pricing: 'rec' | 'med'): { prices: Amounts; specials: Amounts } {
  const own = pricing === 'med' ? product.medicalPrices : product.recPrices;
  const specials = pricing === 'med' ? product.medicalSpecialPrices : product.recSpecialPrices;
  return { prices: own?.length ? own : (product.Prices ?? []), specials: specials ?? [] };
}

/** By the option, not by its place: the till lists its units in an order of its own. */
function quantityOf(
  { POSMetaData, manualInventory, Options }: ListedProduct,
  option: string | null,
): number | null {
  const children = POSMetaData?.children ?? [];
  const isOnly = !Options?.length;
  if (children.length > 0) {
    const child = children.find((one) => isSame(one.option, option)) ?? (isOnly ? children[0] : undefined);
    return child?.quantityAvailable ?? child?.quantity ?? null;
  }
  const manual = manualInventory ?? [];
  const entry = manual.find((one) => isSame(one.option, option)) ?? (isOnly ? manual[0] : undefined);
  return entry?.inventory ?? null;
}

function isForSale(
  { Status, isBelowThreshold, optionsBelowThreshold }: ListedProduct,
  option: string | null,
): boolean {
  if (Status !== 'Active' || isBelowThreshold) return false;
  return !(optionsBelowThreshold ?? []).some((below) => isSame(below, option));
}

function isSame(one: string | null | undefined, other: string | null | undefined): boolean {
  return textOrNull(one) === textOrNull(other);
}
