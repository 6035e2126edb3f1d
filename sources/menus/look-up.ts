import type { Page } from '../../core/source/page.ts';
import type {
  LookedUp,
  LookUp,
  OwnSettings,
  PageRequest,
  Rejected,
  Target,
} from '../../core/source/source.ts';
import { detectMenu } from './detection.ts';
import { lookUpRequest, parseStores } from './dutchie/stores.ts';
import { menuTypeOf, storeOf } from './store.ts';

/**
 * The platform of a store is found on the page of the shop itself (its attribute `url`), and its id there is
 * told by the platform.
 */
export const storeLookUp: LookUp = {
  request(target: Target, settings: OwnSettings): PageRequest | string | undefined {
    const { url, platform_id: id } = target.attributes ?? {};
    const type = menuTypeOf(target);
    if (type === undefined) return shopPage(String(url ?? ''));
    if (id !== undefined && id !== '') return undefined;
    if (type !== 'dutchie') return `nobody but ${type} itself tells what the ids of its stores are`;
    const { slug, endpoint } = storeOf(target);
    if (slug === '') return 'its attribute slug is not known';
    if (!settings.hash_consumer_dispensaries)
      return 'the setting hash_consumer_dispensaries is needed for that, and nobody has given it';
    return lookUpRequest(endpoint ?? '/graphql', slug, settings);
  },
  read(page: Page, target: Target): LookedUp | Rejected {
    return menuTypeOf(target) === undefined ? detectMenu(page) : platformIdOf(page, target);
  },
};

/** Without `http` in front it would be a page of the platform. */
function shopPage(url: string): PageRequest | string {
  if (url === '') return 'its attribute url, the page of the shop, is not known';
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '') ? { url } : `its url ${url} is no http(s) address`;
}

/** The one store that is meant: a shop's medical and its recreational menu may be two. */
function platformIdOf(page: Page, { attributes = {} }: Target): LookedUp | Rejected {
  const read = parseStores(page);
  if (read.kind === 'rejected') return read;
  const own = read.stores.filter(({ state }) => state === null || state === attributes.state);
  const [store, other] = own;
  if (!store) return unknown(`the platform has no store ${attributes.slug} in ${attributes.state}`);
  if (!other) return { kind: 'found', attributes: { platform_id: store.platformId } };
  const names = own.map(({ platformId, name }) => `${name} (${platformId})`).join(', ');
  return unknown(`the platform has several stores ${attributes.slug}: ${names}`);
}

function unknown(message: string): LookedUp {
  return { kind: 'unknown', message };
}
