import { type Answer, jsonAnswer } from '../server/exchange.ts';
import { blocked, graphqlError, type MenuRequest } from './answers.ts';
import type { DemoProduct } from './menu.ts';
import type { ListPage } from './pages.ts';
import { listedProduct, variantProduct } from './render.ts';
import { DEMO_STORES, type DemoStore, storeAt } from './stores.ts';

/** What the hashes of queries are at an endpoint: they change with its release. */
export interface Hashes {
  readonly FilteredProducts: string;
  readonly ConsumerDispensaries: string;
  readonly DispensarySearch: string;
}

/** What the answers need of the site. */
export interface Menus {
  page(store: DemoStore, page: number, perPage: number): ListPage;
  all(store: DemoStore): readonly DemoProduct[];
  /** True the first time that this is asked. */
  once(what: string): boolean;
  hashesAt(endpoint: string): Hashes;
}

const ENDPOINT = /^(?:\/api-[0-4])?\/graphql$/;

export function isGraphql({ url }: MenuRequest): boolean {
  return ENDPOINT.test(url.pathname);
}

/** Answers a query that is known by its hash (GET), or one in full (POST). */
export function graphql(request: MenuRequest, menus: Menus): Answer {
  const asked = request.method === 'POST' ? inFull(request) : persisted(request);
  if ('status' in asked) return asked;
  const { operation, variables, hash } = asked;
  const known = menus.hashesAt(request.url.pathname);
  if (!Object.hasOwn(known, operation))
    return graphqlError(400, 'GRAPHQL_VALIDATION_FAILED', `no operation ${operation}`);
  const isStale = hash !== undefined && hash !== known[operation as keyof Hashes];
  // One release says so with 400, the other with 200.
  const status = request.url.pathname === '/api-3/graphql' ? 200 : 400;
  if (isStale) return graphqlError(status, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
  return operation === 'FilteredProducts' ? menuAnswer(variables, menus) : storesAnswer(variables);
}

interface Asked {
  readonly operation: string;
  readonly variables: unknown;
  readonly hash?: string;
}

function persisted({ url, headers }: MenuRequest): Asked | Answer {
  const isJson = headers['content-type']?.includes('application/json');
  if (!isJson && headers['apollo-require-preflight'] === undefined)
    return graphqlError(400, 'BAD_REQUEST', 'blocked as a potential Cross-Site Request Forgery (CSRF)');
  const extensions = parsed(url.searchParams.get('extensions')) as
    | { readonly persistedQuery?: { readonly sha256Hash?: string } }
    | undefined;
  return {
    operation: url.searchParams.get('operationName') ?? '',
    variables: parsed(url.searchParams.get('variables')),
    hash: extensions?.persistedQuery?.sha256Hash ?? '',
  };
}

function inFull({ body }: MenuRequest): Asked | Answer {
  const asked = parsed(body) as { operationName?: string; query?: string; variables?: unknown } | undefined;
  if (!asked?.query) return graphqlError(400, 'BAD_REQUEST', 'a POST needs the query in full');
  return { operation: asked.operationName ?? '', variables: asked.variables };
}

interface MenuVariables {
  readonly productsFilter?: { readonly dispensaryId?: string; readonly [name: string]: unknown };
  readonly page?: number;
  readonly perPage?: number;
}

function menuAnswer(variables: unknown, menus: Menus): Answer {
  const { productsFilter = {}, page = 0, perPage = 50, ...others } = (variables ?? {}) as MenuVariables;
  const { dispensaryId = '' } = productsFilter;
  const wrong = ['cName', 'slug', 'offset', 'limit', 'page', 'perPage'].find(
    (name) => name in productsFilter,
  );
  if (wrong !== undefined || 'offset' in others || 'limit' in others)
    return graphqlError(400, 'BAD_USER_INPUT', `${wrong ?? 'offset'} is no field of the filter`);
  const store = storeAt('dutchie', dispensaryId);
  if (!store) return menuJson([], { totalCount: 0, totalPages: 0 });
  const odd = oddAnswer(store, page, menus);
  if (odd) return odd;
  const { products, totalCount, totalPages } = menus.page(store, page, perPage);
  const shown = products.map(({ product, at }) =>
    store.trait === 'variants' ? variantProduct(product) : listedProduct(product, at),
  );
  const isTold = store.trait !== 'pages-not-told';
  return menuJson(shown, {
    totalCount: isTold && store.trait !== 'count-not-told' ? totalCount : null,
    totalPages: isTold ? totalPages : null,
  });
}

function menuJson(products: readonly object[], queryInfo: object): Answer {
  return jsonAnswer(200, { data: { filteredProducts: { products, queryInfo } } });
}

function oddAnswer({ id, trait }: DemoStore, page: number, menus: Menus): Answer | undefined {
  if (trait === 'walled') return blocked(200);
  if (trait === 'banned') return blocked(403);
  if (trait === 'limited-once' && page === 1 && menus.once(`limited ${id}`))
    return jsonAnswer(429, { message: 'Too many requests' }, { 'retry-after': '1' });
  if (trait === 'errors-once' && menus.once(`errors ${id}`)) {
    const half = { filteredProducts: { products: [], queryInfo: { totalCount: 0, totalPages: 0 } } };
    return graphqlError(200, 'DOWNSTREAM_SERVICE_ERROR', 'inventory did not answer', half);
  }
  return undefined;
}

interface StoreVariables {
  readonly dispensaryFilter?: {
    readonly cNameOrID?: string;
    readonly nearLat?: number;
    readonly nearLng?: number;
    readonly distance?: number;
  };
}

/** Stores by name or id, or all within so many miles of a place; none where the platform knows none. */
function storesAnswer(variables: unknown): Answer {
  const { dispensaryFilter = {} } = (variables ?? {}) as StoreVariables;
  const { cNameOrID, nearLat, nearLng, distance = 50 } = dispensaryFilter;
  const listed = DEMO_STORES.filter(({ platform }) => platform === 'dutchie').filter((store) => {
    if (cNameOrID !== undefined) return [store.slug, store.platformId].includes(cNameOrID);
    const [lat, lng] = PLACES[store.state];
    return Math.hypot((nearLat ?? 0) - lat, (nearLng ?? 0) - lng) * MILES_PER_DEGREE <= distance;
  });
  const filteredDispensaries = listed.map(({ platformId, name, slug, city, state }) => ({
    id: platformId,
    name,
    cName: slug,
    address: `12 Main Street, ${city}`,
    location: { city, state },
  }));
  return jsonAnswer(200, { data: { filteredDispensaries } });
}

/** Somewhere in the middle of each state. */
const PLACES = { AZ: [34.3, -111.7], NM: [34.4, -106.1] } as const;
const MILES_PER_DEGREE = 69;

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
