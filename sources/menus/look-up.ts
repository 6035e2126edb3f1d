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
  request(target: Target, settings: OwnSettings): PageRequest | undefined {
    const { url, platform_id: id } = target.attributes ?? {};
    const type = menuTypeOf(target);
    if (type === undefined) return url ? { url: String(url) } : undefined;
    if (id !== undefined && id !== '') return undefined;
    const { slug, endpoint } = storeOf(target);
    return type === 'dutchie' && slug !== '' && settings.hash_consumer_dispensaries
      ? lookUpRequest(endpoint ?? '/graphql', slug, settings)
      : undefined;
  },
  read(page: Page, target: Target): LookedUp | Rejected {
    return menuTypeOf(target) === undefined ? detectMenu(page) : platformIdOf(page, target);
  },
};

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
