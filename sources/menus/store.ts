import * as z from 'zod';
import type { NotReady, Target } from '../../core/source/source.ts';

/** Platforms whose menus can be read. */
export const MENU_TYPES = ['dutchie', 'dutchie-plus', 'jane', 'weedmaps'] as const;
export type MenuType = (typeof MENU_TYPES)[number];

/** What is known of a store. A menu type that is not readable is `unknown` to us. */
export const storeSchema = z.object({
  name: z.string().describe('Name of the store'),
  slug: z.string().optional().describe('Its name in addresses of the platform'),
  state: z.string().regex(/^[A-Z]{2}$/, { error: 'must be a state of two letters' }),
  menu_type: z
    .string()
    .optional()
    .describe(`${MENU_TYPES.join(', ')}; unknown where not yet detected`),
  platform_id: z.string().optional().describe('Its id on that platform'),
  url: z.string().optional().describe('Page of the shop itself, which embeds its menu'),
  endpoint: z.string().optional().describe('Where its platform answers, if not in its usual place'),
  pricing_type: z.enum(['rec', 'med']).optional().describe('Whose prices count; rec where left out'),
});

export interface Store {
  readonly id: string;
  readonly slug: string;
  readonly platformId: string;
  readonly pricing: 'rec' | 'med';
  /** A path or an absolute address: chains have hosts of their own. */
  readonly endpoint?: string;
}

export function storeOf({ id, attributes = {} }: Target): Store {
  const { slug, platform_id: platformId, pricing_type: pricing, endpoint } = attributes;
  return {
    id,
    slug: String(slug ?? platformId ?? ''),
    platformId: String(platformId ?? ''),
    pricing: pricing === 'med' ? 'med' : 'rec',
    ...(endpoint !== undefined && endpoint !== '' && { endpoint: String(endpoint) }),
  };
}

/** The platform of a store; undefined where it is not known, or is one that cannot be read. */
export function menuTypeOf({ attributes }: Target): MenuType | undefined {
  return MENU_TYPES.find((type) => type === attributes?.menu_type);
}

/** A store waits for its platform to be detected, then for its id there to be looked up. */
export function readyStore(target: Target): true | NotReady {
  if (menuTypeOf(target) === undefined) return 'NEEDS_DETECTION';
  const id = target.attributes?.platform_id;
  return id === undefined || id === '' ? 'NEEDS_PLATFORM_ID' : true;
}
