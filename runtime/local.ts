import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { openDirectoryObjectStore } from '../adapters/local/directory-object-store.ts';
import { openSqliteStateStore } from '../adapters/local/sqlite-state-store.ts';
import { systemClock } from '../adapters/local/system-clock.ts';
import { UndiciHttpClient } from '../adapters/web/undici-http-client.ts';
import type { Fetcher } from '../core/fetch/fetcher.ts';
import { createHostClock } from '../core/fetch/host-clock.ts';
import { createPoliteFetcher } from '../core/fetch/polite-fetcher.ts';
import { createRobotsCache } from '../core/fetch/robots.ts';
import type { PipelineEvent, Platform } from '../core/pipeline/platform.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Source } from '../core/source/source.ts';
import { sources as allSources } from '../sources/index.ts';
import { applySettings, type SourceSettings } from './settings.ts';

export interface LocalOptions {
  /** Holds the lake and the state: `.rescrape`. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onEvent?: (event: PipelineEvent) => void;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** @default every registered source */
  readonly sources?: readonly Source[];
}

export interface LocalPlatform extends Platform {
  readonly directory: string;
  close(): Promise<void>;
}

/** The platform on one machine: a directory for the lake, SQLite for the state, one host clock for everything. */
export function openLocalPlatform(options: LocalOptions): LocalPlatform {
  const { directory, env, onEvent = () => {}, clock = systemClock } = options;
  const settings = (options.sources ?? allSources).map((source) => applySettings(source, env));
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  const state = openSqliteStateStore(join(directory, 'state.sqlite'));
  const client = new UndiciHttpClient();
  const shared = {
    client,
    clock,
    hostClock: createHostClock({ clock }),
    robots: createRobotsCache({ clock }),
  };
  const fetchers = new Map<string, Fetcher>();

  const fetcherOf = ({ source, allowPrivateOrigin }: SourceSettings): Fetcher =>
    createPoliteFetcher({
      ...shared,
      politeness: source.politeness,
      limits: source.limits,
      rateLimitStatuses: source.outcomes.rateLimitStatuses,
      rateLimitPauseMs: source.retry.intervalSeconds * 1000,
      ...(allowPrivateOrigin !== undefined && { allowPrivateOrigin }),
    });
  for (const setting of settings) fetchers.set(setting.source.name, fetcherOf(setting));

  return {
    directory,
    lake,
    state,
    clock,
    sources: settings.map(({ source }) => source),
    fetcherFor: (source) => fetchers.get(source.name)!,
    newId: uuidv7,
    emit: onEvent,
    close: async () => {
      await client.close();
      state.close();
      lake.close();
    },
  };
}
