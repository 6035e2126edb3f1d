import { resolve } from 'node:path';
import { openGeminiBatchProvider } from '../adapters/llm/gemini-batch-provider.ts';
import { openDirectoryPageLibrary } from '../adapters/local/directory-page-library.ts';
import { NodeHttpClient } from '../adapters/web/node-http-client.ts';
import { type ExtractContext, type ExtractParts, extractContext } from '../core/extract/extract-context.ts';
import type { Extraction } from '../core/extract/extraction.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { PageLibrary } from '../core/ports/page-library.ts';
import { extractSettings } from './extract-settings.ts';
import { geminiSettings } from './gemini-settings.ts';
import { idsOf } from './ids.ts';
import { SettingError } from './setting-error.ts';
import { variableOf } from './setting-names.ts';

export interface LocalExtractionOptions
  extends Pick<ExtractParts, 'state' | 'lake' | 'clock' | 'signal' | 'tell'> {
  readonly extraction: Extraction;
  /** Settings of the extraction and of its provider, as `extractSettings` and `geminiSettings` read them. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** An orchestrator of this machine. Close it; the stores are the caller's. */
export interface LocalExtraction {
  readonly context: ExtractContext;
  close(): Promise<void>;
}

/** Throws a SettingError for a setting that is missing or cannot be used. */
export async function openLocalExtraction({
  extraction,
  env,
  ...parts
}: LocalExtractionOptions): Promise<LocalExtraction> {
  const { provider: name, library: place, settings } = extractSettings(extraction, env);
  if (name !== 'gemini')
    throw new SettingError(
      `${variableOf(extraction.name, 'PROVIDER')} is ${name}, which a stack asks: here it is gemini`,
    );
  if (place === undefined)
    throw new SettingError(
      `${variableOf(extraction.name, 'LIBRARY')} is not set: give the directory of the pages, or s3://bucket/prefix`,
    );
  const gemini = geminiSettings(env);
  const { clock } = parts;
  const library = await openLibrary(place, clock);
  const http = new NodeHttpClient();
  const provider = openGeminiBatchProvider({ http, clock, ...gemini });
  return {
    context: extractContext({ ...parts, extraction, settings, provider, library, newId: idsOf(clock) }),
    close: async () => {
      library.close?.();
      await http.close();
    },
  };
}

/** `place`: a directory, or `s3://bucket/prefix`. */
async function openLibrary(place: string, clock: Clock): Promise<PageLibrary & { close?(): void }> {
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(place) ?? [];
  if (bucket === undefined) return openDirectoryPageLibrary(resolve(place));
  // The SDK takes a quarter of a second to load.
  const { openS3PageLibrary } = await import('../adapters/aws/s3-page-library.ts');
  return openS3PageLibrary({ bucket, ...(prefix && { prefix }), clock });
}
