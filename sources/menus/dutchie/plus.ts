import * as z from 'zod';
import { lazily } from '../../../core/source/define-source.ts';
import type { OwnSettings, PageRequest, Parsed } from '../../../core/source/source.ts';
import { fullQuery, readGraphql } from '../graphql.ts';
import { type AnsweredRequest, pageOfMenu } from '../menu-pages.ts';
import type { ProductRow } from '../schema.ts';
import type { Store } from '../store.ts';
import { rowsOfProduct } from './menu-page.ts';
import { productShape } from './product-shape.ts';

const LIMIT = 200;
const POTENCY = '{ formatted range unit }';
const QUERY = `query Menu($retailerId: ID!, $menuType: MenuType, $pagination: Pagination) {
  menu(retailerId: $retailerId, menuType: $menuType, pagination: $pagination) {
    products {
      id name brand { name } category strainType potencyThc ${POTENCY} potencyCbd ${POTENCY}
      variants { option priceRec priceMed specialPriceRec specialPriceMed quantity }
    }
  }
}`;

const answer = lazily(() =>
  z.object({ data: z.object({ menu: z.object({ products: z.array(productShape()) }) }) }),
);
const variablesShape = lazily(() =>
  z.object({
    retailerId: z.string(),
    menuType: z.enum(['RECREATIONAL', 'MEDICAL']),
    pagination: z.object({ offset: z.int(), limit: z.int() }),
  }),
);

/** A stretch of a menu as partners ask for it, from this product on. */
export function plusRequest(store: Store, offset: number, settings: OwnSettings): PageRequest {
  return fullQuery(store.endpoint ?? settings.plus_url ?? '', QUERY, {
    retailerId: store.platformId,
    menuType: store.pricing === 'med' ? 'MEDICAL' : 'RECREATIONAL',
    pagination: { offset, limit: LIMIT },
  });
}

/** The list ends with an empty page: how many products there are is not told. */
export function parsePlusPage({ page, storeId, request, context }: AnsweredRequest): Parsed<ProductRow> {
  const read = readGraphql(page, answer());
  if (read.kind === 'rejected') return read;
  const { products } = read.value.data.menu;
  const body = JSON.parse(request.body ?? '') as { readonly query: string };
  const { variables } = z.object({ variables: variablesShape() }).parse(body);
  const { offset, limit } = variables.pagination;
  const pricing = variables.menuType === 'MEDICAL' ? 'med' : 'rec';
  return pageOfMenu({
    rows: products.map((product) => rowsOfProduct(storeId, product, pricing)),
    isFirst: offset === 0,
    isLast: undefined,
    next: () =>
      fullQuery(request.url, body.query, {
        ...variables,
        pagination: { offset: offset + products.length, limit },
      }),
    context,
  });
}
