import * as z from 'zod';
import { lazily } from '../../../core/source/define-source.ts';
import type { Parsed } from '../../../core/source/source.ts';
import { readGraphql } from '../graphql.ts';
import { type AnsweredRequest, pageOfMenu } from '../menu-pages.ts';
import type { ProductRow } from '../schema.ts';
import { rowsOfListed } from './listed-product.ts';
import { type ListedProduct, productShape, type VariantProduct } from './product-shape.ts';
import { askedMenu, menuPageAt } from './request.ts';
import { rowsOfVariants } from './variant-product.ts';

const answer = lazily(() =>
  z.object({
    data: z.object({
      filteredProducts: z.object({
        products: z.array(productShape()),
        queryInfo: z.object({ totalPages: z.int().nullish() }).nullish(),
      }),
    }),
  }),
);

/** A page of `FilteredProducts`. The list ends with the last of `totalPages`, or with an empty page. */
export function parseMenuPage({ page, storeId, request, url, context }: AnsweredRequest): Parsed<ProductRow> {
  const read = readGraphql(page, answer());
  if (read.kind === 'rejected') return read;
  const { products, queryInfo } = read.value.data.filteredProducts;
  const asked = askedMenu(url)!;
  const totalPages = queryInfo?.totalPages ?? 0;
  return pageOfMenu({
    rows: products.map((product) => rowsOfProduct(storeId, product, asked.pricing)),
    isFirst: asked.page === 0,
    isLast: totalPages > 0 ? asked.page + 1 >= totalPages : undefined,
    next: () => menuPageAt(url, asked.page + 1, request),
    context,
  });
}

/** Whichever of the two dialects it is told in. */
export function rowsOfProduct(
  storeId: string,
  product: ListedProduct | VariantProduct,
  pricing: 'rec' | 'med',
): ProductRow[] {
  return 'variants' in product
    ? rowsOfVariants(storeId, product, pricing)
    : rowsOfListed(storeId, product, pricing);
}
