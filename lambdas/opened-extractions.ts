import type { Extraction } from '../core/extract/extraction.ts';
import { StageError } from '../core/platform.ts';
import { connectionOf } from '../runtime/aws-connection.ts';
import { awsExtractSettings } from '../runtime/aws-extract-settings.ts';
import {
  type ExtractionPlatform,
  type OpenAwsProviders,
  type OpenedExtraction,
  openAwsExtraction,
} from '../runtime/aws-extraction.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';

export type OpenExtraction = (platform: ExtractionPlatform, extraction: Extraction) => OpenedExtraction;

/** The extractions of a function, each opened once per container. */
export class OpenedExtractions {
  readonly #extractions: readonly Extraction[];
  readonly #open: OpenExtraction;
  readonly #opened = new Map<string, OpenedExtraction>();

  constructor(extractions: readonly Extraction[], open: OpenExtraction) {
    this.#extractions = extractions;
    this.#open = open;
  }

  /** Throws a StageError `BadInput` where there is none of that name. */
  of(platform: ExtractionPlatform, name: string): OpenedExtraction {
    const opened = this.#opened.get(name) ?? this.#open(platform, this.#named(name));
    this.#opened.set(name, opened);
    return opened;
  }

  #named(name: string): Extraction {
    const extraction = this.#extractions.find((each) => each.name === name);
    if (extraction) return extraction;
    const known = this.#extractions.map((each) => each.name).join(', ');
    throw new StageError('BadInput', `there is no extraction ${JSON.stringify(name)}; there is: ${known}`);
  }
}

/**
 * Those of a deployment, by the variables of a function; with `openProviders` for orchestrators. Throws a
 * SettingError at once, at the cold start, for a setting that cannot be used.
 */
export function openDeployedExtractions(
  { RESCRAPE_BUCKET: bucket }: { readonly RESCRAPE_BUCKET: string },
  openProviders?: OpenAwsProviders,
): OpenedExtractions {
  const { env } = process;
  for (const extraction of EXTRACTIONS) awsExtractSettings(extraction, env);
  const connection = connectionOf(env);
  const providers = openProviders && { openProviders };
  return new OpenedExtractions(EXTRACTIONS, (platform, extraction) =>
    openAwsExtraction(platform, { extraction, env, bucket, connection, ...providers }),
  );
}
