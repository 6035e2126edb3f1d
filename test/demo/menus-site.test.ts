import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from '../../core/source/page.ts';
import { hashesOf } from '../../demo/menus/hashes.ts';
import { type MenusSite, startMenusSite } from '../../demo/menus/site.ts';
import { DEMO_STORES, type Trait } from '../../demo/menus/stores.ts';
import { applySettings } from '../../runtime/settings.ts';
import { parseStores } from '../../sources/menus/dutchie/stores.ts';
import { menus } from '../../sources/menus/source.ts';

let site: MenusSite;
beforeAll(async () => {
  site = await startMenusSite({ seed: 3, now: () => 0 });
});
afterAll(() => site.close());

const storeOf = (trait: Trait) => DEMO_STORES.find((store) => store.trait === trait)!;
const JSON_HEADERS = { 'content-type': 'application/json' };
const { FilteredProducts: HASH, DispensarySearch } = hashesOf('1');

interface Answer {
  readonly status: number;
  readonly body: {
    readonly errors: readonly { readonly extensions: { readonly code: string } }[];
    readonly data: {
      readonly filteredProducts: {
        readonly products: readonly { readonly _id: string }[];
        readonly queryInfo: { readonly totalCount: number; readonly totalPages: number };
      };
    };
  };
}
async function ask(path: string, init: RequestInit = { headers: JSON_HEADERS }): Promise<Answer> {
  const response = await fetch(site.url + path, init);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}
function query(operationName: string, variables: object, hash = HASH, endpoint = '/graphql'): string {
  const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash: hash } });
  const text = { operationName, variables: JSON.stringify(variables), extensions };
  return `${endpoint}?${new URLSearchParams(text)}`;
}
const menu = (dispensaryId: string, page = 0, perPage = 100) =>
  query('FilteredProducts', { productsFilter: { dispensaryId }, page, perPage });
const codeOf = ({ body }: Answer) => body.errors[0]!.extensions.code;
const listOf = ({ body }: Answer) => body.data.filteredProducts;
const idsOf = (answer: Answer): string[] => listOf(answer).products.map(({ _id }) => _id);

describe('the demo site of menus', () => {
  it('refuses a GET that could be forged, a hash of another release, and a filter by slug', async () => {
    const { platformId } = DEMO_STORES[0]!;
    const plain = await ask(menu(platformId), {});
    expect([plain.status, codeOf(plain)]).toEqual([400, 'BAD_REQUEST']);
    expect((await ask(menu(platformId), { headers: { 'apollo-require-preflight': 'true' } })).status).toBe(
      200,
    );
    const stale = await ask(query('FilteredProducts', {}, '0'.repeat(64)));
    expect([stale.status, codeOf(stale)]).toEqual([400, 'PERSISTED_QUERY_NOT_FOUND']);
    const other = await ask(query('FilteredProducts', {}, HASH, '/api-3/graphql'));
    expect([other.status, codeOf(other)]).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
    const bySlug = await ask(query('FilteredProducts', { productsFilter: { slug: 'elm-street' } }));
    expect([bySlug.status, codeOf(bySlug)]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('answers a POST of the full query as it does the hash', async () => {
    const { platformId } = DEMO_STORES[0]!;
    const variables = { productsFilter: { dispensaryId: platformId }, page: 0, perPage: 100 };
    const body = JSON.stringify({ operationName: 'FilteredProducts', query: 'query { … }', variables });
    const full = await ask('/graphql', { method: 'POST', headers: JSON_HEADERS, body });
    expect(full).toEqual(await ask(menu(platformId)));
  });

  it('gives less than was asked for, repeats pinned products, and ends with an empty page', async () => {
    const store = DEMO_STORES.find(({ products }) => products > 400)!;
    const pages: Answer[] = [];
    for (let page = 0; page === 0 || idsOf(pages.at(-1)!).length > 0; page++)
      pages.push(await ask(menu(store.platformId, page)));
    expect(listOf(pages[0]!).queryInfo.totalPages).toBe(pages.length - 1);
    const ids = pages.flatMap(idsOf);
    const pinned = idsOf(pages[0]!).slice(0, 2);
    for (const page of pages.slice(0, -1)) expect(idsOf(page).slice(0, 2)).toEqual(pinned);
    expect(new Set(ids).size).toBe(listOf(pages[0]!).queryInfo.totalCount);
    expect(new Set(ids).size).toBeLessThan(ids.length);
  });

  it('moves products while one reads', async () => {
    const { platformId } = storeOf('moves');
    const [first, second] = [await ask(menu(platformId)), await ask(menu(platformId, 1))];
    const again = idsOf(second).filter((id) => idsOf(first).includes(id));
    expect(again.length).toBeGreaterThan(2);
  });

  it('lists the stores around a place, which the reader of look-ups reads', async () => {
    const near = { nearLat: 34.4, nearLng: -106.1, distance: 50, activeOnly: true };
    const path = query('DispensarySearch', { dispensaryFilter: near }, DispensarySearch);
    const { body } = await ask(path);
    const read = parseStores(pageOf(path, JSON.stringify(body)));
    const listed = DEMO_STORES.filter(({ state, platform }) => state === 'NM' && platform === 'dutchie');
    expect(read.kind === 'stores' && read.stores.map(({ platformId }) => platformId)).toEqual(
      listed.map(({ platformId }) => platformId),
    );
    expect(read.kind === 'stores' && read.stores.every(({ state }) => state === 'NM')).toBe(true);
  });

  it('tells whoever asks in turn which platform a shop is on and what its id is there', async () => {
    const { source } = applySettings(menus, site.settings);
    const lookUp = menus.register!.lookUp!;
    const targets = site.csv.trim().split('\n').slice(1).map(targetOf);
    const waiting = targets.filter((target) => menus.register!.ready!(target) !== true);
    expect(waiting.length).toBe(4);
    for (const target of waiting) {
      let known = target;
      for (let round = 0; round < 3 && menus.register!.ready!(known) !== true; round++) {
        const request = lookUp.request(known, source.ownSettings);
        if (typeof request !== 'object') throw new Error(request);
        const response = await fetch(new URL(request.url, site.url), { headers: { ...request.headers } });
        const found = lookUp.read(pageOf(request.url, await response.text()), known);
        if (found.kind !== 'found') throw new Error(JSON.stringify(found));
        known = { ...known, attributes: { ...known.attributes, ...found.attributes } };
      }
      const { platform, platformId } = DEMO_STORES.find(({ id }) => id === target.id)!;
      expect(known.attributes).toMatchObject({ menu_type: platform, platform_id: platformId });
    }
  });

  it('gives the same menus to the same seed and round, and others to another', async () => {
    const other = await startMenusSite({ seed: 3, now: () => 0 });
    try {
      const { id } = DEMO_STORES[0]!;
      expect(other.truth(id)).toEqual(site.truth(id));
      other.nextRound();
      expect(other.truth(id)).not.toEqual(site.truth(id));
    } finally {
      await other.close();
    }
  });
});

function pageOf(path: string, text: string): Page {
  const contentType = text.startsWith('{') ? 'application/json' : 'text/html';
  return { url: new URL(path, site.url).href, status: 200, contentType, text };
}

function targetOf(line: string) {
  const [id, name, slug, state, menu_type, platform_id, , , url] = line.split(',');
  const known = { menu_type: menu_type!, platform_id: platform_id! };
  const filled = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== ''));
  return { id: id!, attributes: { name: name!, slug: slug!, state: state!, url: url!, ...filled } };
}
