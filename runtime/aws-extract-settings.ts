import type { Extraction } from '../core/extract/extraction.ts';
import { type ConfiguredExtraction, extractSettings, s3PlaceOf } from './extract-settings.ts';
import { GEMINI_KEY_SECRET } from './gemini-settings.ts';
import { SettingError } from './setting-error.ts';
import { variableOf } from './setting-names.ts';

/**
 * Pages of a batch that a function can send: its requests are written image by image, in the time that is
 * left when uploads stop.
 */
const MOST_PAGES = 1_000;

/** First folder of the lake that Bedrock reads and writes: never with `=` or a space in what lies below. */
export const BEDROCK_FOLDER = 'bedrock';
/** First folder of the lake that libraries of page images lie in: `library/catalogs/images/…`. */
export const LIBRARY_FOLDER = 'library';

/** An extraction as a stack runs it. */
export interface AwsExtractSettings extends Omit<ConfiguredExtraction, 'library'> {
  /** Where its pages are; undefined: in the lake's bucket, below `library/<extraction>/`. */
  readonly libraryPlace: { readonly bucket: string; readonly prefix: string } | undefined;
}

/**
 * The settings of an extraction in a stack: Bedrock where nothing else is said. Throws a SettingError for the
 * first that cannot be used there.
 */
export function awsExtractSettings(
  extraction: Extraction,
  env: Readonly<Record<string, string | undefined>>,
): AwsExtractSettings {
  const provider = variableOf(extraction.name, 'PROVIDER');
  const { library, ...configured } = extractSettings(extraction, {
    ...env,
    [provider]: env[provider]?.trim() || 'bedrock',
  });
  const { batchSize } = configured.settings;
  if (batchSize > MOST_PAGES)
    throw new SettingError(
      `${variableOf(extraction.name, 'BATCH_SIZE')} is ${batchSize}: a stack sends at most ${MOST_PAGES} pages in a batch`,
    );
  if (configured.provider === 'gemini' && !env[GEMINI_KEY_SECRET])
    throw new SettingError(
      `${provider} is gemini, and ${GEMINI_KEY_SECRET} is not set: give the ARN of the secret that holds the key`,
    );
  return { ...configured, libraryPlace: library === undefined ? undefined : placeOf(extraction, library) };
}

function placeOf({ name }: Extraction, library: string): { bucket: string; prefix: string } {
  const place = s3PlaceOf(library);
  if (place) return place;
  throw new SettingError(
    `${variableOf(name, 'LIBRARY')} is ${JSON.stringify(library)}: a stack reads s3://bucket/prefix`,
  );
}
