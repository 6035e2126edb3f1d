import type { Source } from '../core/source/source.ts';
import { sourcesTogether } from '../core/source/sources-together.ts';
import { loadSources } from './list.ts';

/**
 * The sources of the list, loaded. The functions of a deployment call `loadSources` instead: a module that
 * awaits at its top cannot be bundled as CommonJS.
 */
export const listedSources = await loadSources();

/** Those that can be run, and those that cannot. */
export const { sources, invalidSources } = sourcesTogether(listedSources);

/** The source of that name; undefined where there is none that can be run. */
export function findSource(name: string): Source | undefined {
  return sources.find((source) => source.name === name);
}
