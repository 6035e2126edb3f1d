import type { OwnSettings, PageRequest } from '../../../core/source/source.ts';
import { persistedQuery } from '../graphql.ts';
import type { Store } from '../store.ts';

/** Fewer may come: some say that 50 is the most. */
const PER_PAGE = 100;

/** A page of a store's menu, from 0. The order is that of a browser, whose hash the query has. */
export function menuRequest(store: Store, page: number, settings: OwnSettings): PageRequest {
  const variables = {
    includeEnterpriseSpecials: false,
    productsFilter: {
      dispensaryId: store.platformId,
      pricingType: store.pricing,
      Status: 'Active',
      types: [],
      strainTypes: [],
      subcategories: [],
      useCache: false,
      isDefaultSort: true,
      sortBy: 'popularSortIdx',
      sortDirection: 1,
      bypassOnlineThresholds: false,
      isKioskMenu: false,
      removeProductsBelowOptionThresholds: true,
    },
    page,
    perPage: PER_PAGE,
  };
  return persistedQuery(
    store.endpoint ?? '/graphql',
    'FilteredProducts',
    variables,
    settings.hash_filtered_products ?? '',
  );
}

/** Which page of a menu a request asks for, and whose prices; undefined for any other request. */
export function askedMenu(url: URL): { readonly page: number; readonly pricing: 'rec' | 'med' } | undefined {
  if (url.searchParams.get('operationName') !== 'FilteredProducts') return undefined;
  const { page, productsFilter } = variablesOf(url);
  return { page, pricing: productsFilter.pricingType === 'med' ? 'med' : 'rec' };
}

/** The same request for another page. */
export function menuPageAt(url: URL, page: number, request: PageRequest): PageRequest {
  const next = new URL(url);
  next.searchParams.set('variables', JSON.stringify({ ...variablesOf(url), page }));
  return { ...(request.headers && { headers: request.headers }), url: next.pathname + next.search };
}

/** Of our own request: what it asks with is what we wrote. */
function variablesOf(url: URL) {
  return JSON.parse(url.searchParams.get('variables') ?? '') as {
    readonly page: number;
    readonly productsFilter: { readonly pricingType: string };
  };
}
