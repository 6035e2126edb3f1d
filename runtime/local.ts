import { ENRICHERS } from '../sources/enrichers.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';
import { listedSources } from '../sources/index.ts';
import type { Listed } from '../sources/listed.ts';
import { withDerivedTables } from './derived-tables.ts';
import { type LocalOptions, type LocalPlatform, openLocalPlatform as openWith } from './local-platform.ts';

export type { LocalPlatform } from './local-platform.ts';

/** As `local-platform.ts` opens it, with all that is listed where nothing else is said. */
export function openLocalPlatform({
  sources = listedSources,
  enrichers = ENRICHERS,
  extractions = EXTRACTIONS,
  ...options
}: Omit<LocalOptions, keyof Listed> & Partial<Listed>): LocalPlatform {
  return openWith({
    ...options,
    sources: withDerivedTables({ sources, enrichers, extractions }),
    enrichers,
  });
}
