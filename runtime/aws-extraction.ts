import type { AwsConnection } from '../adapters/aws/client-settings.ts';
import { openS3PageLibrary } from '../adapters/aws/s3-page-library.ts';
import {
  type ExtractContext,
  type ExtractParts,
  type PublisherContext,
  publisherContext,
} from '../core/extract/extract-context.ts';
import type { Extraction } from '../core/extract/extraction.ts';
import type { Platform } from '../core/platform.ts';
import type { Clock } from '../core/ports/clock.ts';
import { awsExtractSettings, LIBRARY_FOLDER } from './aws-extract-settings.ts';
import type { ConfiguredExtraction } from './extract-settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whoever answers the pages of an extraction, open. */
type OpenedProviders = Pick<ExtractParts, 'provider' | 'singleProvider'> & { close(): unknown };

/** Opens what `provider` names; `bucket`: of the lake. Rejects where a secret cannot be read. */
export type OpenAwsProviders = (of: {
  readonly provider: ConfiguredExtraction['provider'];
  /** Its name. */
  readonly extraction: string;
  readonly env: Environment;
  readonly bucket: string;
  readonly clock: Clock;
  readonly connection: AwsConnection;
}) => Promise<OpenedProviders>;

/** What an extraction of a stack stands on, beside its platform. */
export interface AwsExtractionOptions {
  readonly extraction: Extraction;
  readonly env: Environment;
  /** Of the lake. */
  readonly bucket: string;
  /** For orchestrators alone: a function that only publishes loads none of them. */
  readonly openProviders?: OpenAwsProviders;
  readonly connection: AwsConnection;
}

export type ExtractionPlatform = Pick<Platform, 'state' | 'lake' | 'clock' | 'newId'>;

/** Of one call: its deadline, who is told what happens, and who is at work. */
export type ExtractionCall = Pick<ExtractParts, 'signal' | 'mustStop' | 'tell' | 'process'>;

export interface OpenedExtraction {
  /** For a call that asks no provider. */
  records(call: ExtractionCall): PublisherContext;
  /** A new one for each call. */
  orchestrator(call: ExtractionCall): Promise<ExtractContext>;
  close(): Promise<void>;
}

/** Opens no connection before it is used. Throws as `awsExtractSettings` does. */
export function openAwsExtraction(
  platform: ExtractionPlatform,
  { extraction, env, bucket, openProviders, connection }: AwsExtractionOptions,
): OpenedExtraction {
  const { state, lake, clock, newId } = platform;
  const { provider: name, libraryPlace, settings } = awsExtractSettings(extraction, env);
  const place = libraryPlace ?? { bucket, prefix: `${LIBRARY_FOLDER}/${extraction.name}` };
  const library = openS3PageLibrary({ ...place, clock, connection });
  const closing: (() => unknown)[] = [() => library.close()];
  let providers: Promise<Omit<OpenedProviders, 'close'>> | undefined;

  const open = async (): Promise<Omit<OpenedProviders, 'close'>> => {
    if (openProviders === undefined) throw new Error('an orchestrator was opened without providers');
    const { close, ...opened } = await openProviders({
      ...{ provider: name, extraction: extraction.name, env, bucket, clock, connection },
    });
    closing.push(close);
    return opened;
  };

  const records = (call: ExtractionCall) =>
    publisherContext({ extraction, settings, library, state, lake, clock, newId, ...call });
  return {
    records,
    async orchestrator(call) {
      providers ??= open();
      // Secrets that could not be read now may be with the next call.
      providers.catch(() => {
        providers = undefined;
      });
      return { ...records(call), ...(await providers) };
    },
    close: async () => {
      for (const close of closing) await close();
    },
  };
}
