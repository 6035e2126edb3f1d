import { registerHooks } from 'node:module';

/**
 * Preloaded (`node --import`) into `rescrape`: the same command, of which the list of sources is another. A
 * source is added to the house in its list and nowhere else.
 */
const theirs = new URL('../../sources/list.ts', import.meta.url).href;
const ours = new URL('list.ts', import.meta.url).href;
// As it is loaded, not as it is resolved: `bin/rescrape.js` resolves our modules by itself.
registerHooks({
  load: (url, context, next) =>
    url === theirs
      ? { format: 'module', source: `export * from ${JSON.stringify(ours)};`, shortCircuit: true }
      : next(url, context),
});
