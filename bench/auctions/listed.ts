import { registerHooks } from 'node:module';

/**
 * Preloaded (`node --import`) into `rescrape`: the same command, of which the list of sources is another. A
 * source is added to the house in its list and nowhere else.
 */
const theirs = new URL('../../sources/list.ts', import.meta.url).href;
const ours = new URL('list.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context);
    return found.url === theirs ? { ...found, url: ours } : found;
  },
});
