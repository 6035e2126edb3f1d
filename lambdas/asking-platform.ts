import type { Fetcher } from '../core/fetch/fetcher.ts';
import type { Platform } from '../core/platform.ts';
import type { Source } from '../core/source/source.ts';
import type { AwsPart } from '../runtime/aws.ts';
import { withFetchers } from '../runtime/aws-fetchers.ts';
import type { loadListed } from '../sources/listed.ts';
import type { FunctionName } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { missingAddress } from './source-address.ts';
import type { OpenPlatform } from './stage-handler.ts';

/** How a function that asks sites opens its platform: with fetchers, for what somebody chose. */
export function askingPlatform(
  name: FunctionName,
  parts: readonly AwsPart[],
  load?: typeof loadListed,
): OpenPlatform {
  const open = deployedPlatform(name, [withFetchers, ...parts], load);
  return async (onEvent) => onlyChosen(await open(onEvent), process.env);
}

/**
 * The platform itself, which asks no source at an address that nobody chose: no run of it is planned, and
 * what is left of runs from before (failed items, a scrape under way) is REFUSED without a request.
 */
export function onlyChosen<P extends Platform>(
  platform: P,
  variables: Readonly<Record<string, string | undefined>>,
): P {
  const needs = (source: Source): string | undefined => {
    const variable = missingAddress(source, variables);
    return variable && `${variable}, an address of its own choice`;
  };
  return {
    ...platform,
    sources: platform.sources.map((source) => {
      const unset = needs(source) ?? source.unset;
      return { ...source, unset };
    }),
    fetcherFor: (source) => {
      const unset = needs(source);
      if (unset === undefined) return platform.fetcherFor(source);
      return refusing(platform, `${source.name} needs ${unset}, and nobody gave it`);
    },
  };
}

function refusing({ clock }: Pick<Platform, 'clock'>, message: string): Fetcher {
  const outcome = { code: 'REFUSED', message } as const;
  return {
    reach: async () => ({ kind: 'unreached', outcome }),
    fetch: async () => {
      const now = clock.now();
      const facts = { startedAt: now, finishedAt: now, waitedMs: 0, redirects: 0 };
      return { ...facts, kind: 'failed', requestSent: false, outcome };
    },
  };
}
