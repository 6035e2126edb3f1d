import { type Answer, htmlAnswer, jsonAnswer } from '../server/exchange.ts';
import type { MenuRequest } from './answers.ts';
import type { Menus } from './graphql.ts';
import { janeHit, listingItem, variantProduct } from './render.ts';
import { DEMO_STORES, storeAt } from './stores.ts';

const LISTING = /^\/discovery\/v1\/listings\/dispensaries\/([^/]+)\/menu_items$/;
const SHOP = /^\/shops\/([a-z-]+)$/;
/** Behind it a listing is refused. */
const MAX_OFFSET = 10_000;

/** Everything but the GraphQL of the shops' own platform; undefined for what is not there. */
export function otherPlatform(request: MenuRequest, menus: Menus): Answer | undefined {
  const { pathname } = request.url;
  if (pathname === '/plus/graphql') return plusAnswer(request, menus);
  if (pathname === '/1/indexes/menu-products-production/query') return janeAnswer(request, menus);
  const slug = LISTING.exec(pathname)?.[1];
  if (slug !== undefined) return listingAnswer(slug, request, menus);
  const shop = SHOP.exec(pathname)?.[1];
  return shop === undefined ? undefined : shopPage(shop);
}

function plusAnswer({ body }: MenuRequest, menus: Menus): Answer {
  const { variables } = JSON.parse(body) as {
    variables: { retailerId: string; pagination: { offset: number; limit: number } };
  };
  const store = storeAt('dutchie-plus', variables.retailerId);
  const { offset, limit } = variables.pagination;
  const all = store ? menus.all(store) : [];
  const products = all.slice(offset, offset + Math.min(limit, 40)).map(variantProduct);
  return jsonAnswer(200, { data: { menu: { products } } });
}

function janeAnswer({ body }: MenuRequest, menus: Menus): Answer {
  const { filters, hitsPerPage, page } = JSON.parse(body) as {
    filters: string;
    hitsPerPage: number;
    page: number;
  };
  const store = storeAt('jane', /^store_id = (\d+)$/.exec(filters)?.[1] ?? '');
  if (store?.trait === 'locked')
    return jsonAnswer(403, { message: 'Invalid Application-ID or API key', status: 403 });
  const all = store ? menus.all(store) : [];
  const hits = all.slice(page * hitsPerPage, (page + 1) * hitsPerPage).map(janeHit);
  return jsonAnswer(200, {
    hits,
    nbHits: all.length,
    nbPages: Math.ceil(all.length / hitsPerPage),
    page,
    hitsPerPage,
  });
}

function listingAnswer(slug: string, { url }: MenuRequest, menus: Menus): Answer {
  const store = storeAt('weedmaps', slug);
  if (!store || store.trait === 'gone') return jsonAnswer(404, { errors: [{ title: 'not found' }] });
  const page = Number(url.searchParams.get('page') ?? 1);
  const size = Math.min(Number(url.searchParams.get('page_size') ?? 50), 50);
  const offset = (page - 1) * size;
  if (offset >= MAX_OFFSET) return jsonAnswer(422, { errors: [{ title: 'offset too large' }] });
  const all = menus.all(store);
  const items = all.slice(offset, offset + size).map(listingItem);
  return jsonAnswer(200, { data: { menu_items: items }, meta: { total_menu_items: all.length } });
}

/** The page of a shop: a script with the id of its menu, or a frame with its name there. */
function shopPage(slug: string): Answer | undefined {
  const store = DEMO_STORES.find((one) => one.slug === slug);
  if (!store) return undefined;
  const { name, platform, platformId } = store;
  const embedded =
    platform !== 'dutchie'
      ? '<p>Ask for our menu at the counter.</p>'
      : Number(store.id) % 2 === 0
        ? `<script src="https://dutchie.com/api/v2/embedded-menu/${platformId}.js"></script>`
        : `<iframe src="https://dutchie.com/embedded-menu/${slug}"></iframe>`;
  const title = name.replace('&', '&amp;');
  return htmlAnswer(
    200,
    `<!DOCTYPE html><html lang="en"><head><title>${title}</title></head><body><h1>${title}</h1>${embedded}</body></html>\n`,
  );
}
