import { loadSource } from '../../core/source/sources-together.ts';

/** In place of `sources/list.ts`, in a command that is started with `listed.ts`. */
export const SOURCE_NAMES = ['auctions'];

export const loadSources = async () => [
  await loadSource('auctions', async () => (await import('./source.ts')).auctions),
];
