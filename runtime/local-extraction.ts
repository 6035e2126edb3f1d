import { resolve } from 'node:path';
import { openDirectoryPageLibrary } from '../adapters/local/directory-page-library.ts';
import {
  type ExtractContext,
  type ExtractParts,
  type ExtractRecords,
  extractContext,
  extractRecords,
  type ScanContext,
} from '../core/extract/extract-context.ts';
import type { Extraction } from '../core/extract/extraction.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { PageLibrary } from '../core/ports/page-library.ts';
import type { Publication } from '../core/publish-derived/publish-partition.ts';
import { connectionOf } from './aws-connection.ts';
import { bedrockSettings } from './bedrock-settings.ts';
import { type ConfiguredExtraction, extractSettings, s3PlaceOf } from './extract-settings.ts';
import { geminiSettings } from './gemini-settings.ts';
import { idsOf } from './ids.ts';
import type { LocalPlatform } from './local.ts';
import { publishingAlone } from './publication-lock.ts';
import { SettingError } from './setting-error.ts';
import { variableOf } from './setting-names.ts';
import { thisProcess } from './this-process.ts';

export interface ExtractRecordsOptions extends Pick<ExtractParts, 'state' | 'lake' | 'clock'> {
  readonly extraction: Extraction;
  /** Settings of the extraction and of its provider, as `extractSettings` and `geminiSettings` read them. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LocalExtractionOptions
  extends ExtractRecordsOptions,
    Pick<ExtractParts, 'signal' | 'tell'> {}

/** What is open here. Close it; the stores are the caller's. */
export interface Opened<Context> {
  readonly context: Context;
  close(): Promise<void>;
}

/** What is on record, for who needs neither a library nor a provider. Throws a SettingError. */
export function openExtractRecords({ extraction, env, ...stores }: ExtractRecordsOptions): ExtractRecords {
  return extractRecords({ ...stores, extraction, settings: extractSettings(extraction, env).settings });
}

/** That and the library, for who asks no provider: no key is needed. Throws a SettingError. */
export async function openExtractScan({
  tell,
  ...options
}: Omit<LocalExtractionOptions, 'signal'>): Promise<Opened<ScanContext>> {
  const { extraction, env, clock } = options;
  const library = await openLibrary(placeOf(extraction, extractSettings(extraction, env).library), clock);
  return {
    context: { ...openExtractRecords(options), library, tell },
    close: async () => library.close?.(),
  };
}

/** An orchestrator of this machine. Throws a SettingError for a setting that is missing or cannot be used. */
export async function openLocalExtraction({
  extraction,
  env,
  ...parts
}: LocalExtractionOptions): Promise<Opened<ExtractContext>> {
  const { provider: name, library: given, settings } = extractSettings(extraction, env);
  const place = placeOf(extraction, given);
  const { clock } = parts;
  const { close, ...providers } = await PROVIDERS[name](extraction.name, env, clock);
  const library = await openLibrary(place, clock);
  return {
    context: extractContext({
      ...{ ...parts, ...providers, extraction, settings, library },
      ...{ process: thisProcess(), newId: idsOf(clock) },
    }),
    close: async () => {
      library.close?.();
      await close();
    },
  };
}

type OpenProviders = (
  extraction: string,
  env: ExtractRecordsOptions['env'],
  clock: Clock,
) => Promise<Pick<ExtractParts, 'provider' | 'singleProvider'> & { close(): unknown }>;

const PROVIDERS: Readonly<Record<ConfiguredExtraction['provider'], OpenProviders>> = {
  gemini: async (_, env, clock) => {
    const gemini = geminiSettings(env);
    const { openGeminiBatchProvider } = await import('../adapters/llm/gemini-batch-provider.ts');
    const { NodeHttpClient } = await import('../adapters/web/node-http-client.ts');
    const http = new NodeHttpClient();
    return { provider: openGeminiBatchProvider({ http, clock, ...gemini }), close: () => http.close() };
  },
  bedrock: async (extraction, env, clock) => {
    const settings = bedrockSettings(env);
    // The SDK takes a quarter of a second to load.
    const { openBedrockProviders } = await import('./bedrock-providers.ts');
    return openBedrockProviders({ ...settings, extraction, clock, connection: connectionOf(env) });
  },
};

/**
 * Commits what became of pages into their tables. Throws a RunInProgressError where another process is at it
 * for a minute.
 */
export async function publishPagesLocally(
  platform: LocalPlatform,
  context: ExtractContext,
): Promise<Publication> {
  const { publishExtraction } = await import('../core/publish-extraction/publish-extraction.ts');
  return publishingAlone(platform, () => publishExtraction(platform, context, { isAlone: true }));
}

function placeOf({ name }: Extraction, place: string | undefined): string {
  if (place !== undefined) return place;
  throw new SettingError(
    `${variableOf(name, 'LIBRARY')} is not set: give the directory of the pages, or s3://bucket/prefix`,
  );
}

/** `place`: a directory, or `s3://bucket/prefix`. */
async function openLibrary(place: string, clock: Clock): Promise<PageLibrary & { close?(): void }> {
  const inBucket = s3PlaceOf(place);
  if (!inBucket) return openDirectoryPageLibrary(resolve(place));
  // The SDK takes a quarter of a second to load.
  const { openS3PageLibrary } = await import('../adapters/aws/s3-page-library.ts');
  return openS3PageLibrary({ ...inBucket, clock });
}
