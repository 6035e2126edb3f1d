import type { AwsConnection } from '../adapters/aws/client-settings.ts';
import { openS3PageLibrary } from '../adapters/aws/s3-page-library.ts';
import { openSecrets } from '../adapters/aws/secrets.ts';
import { openGeminiBatchProvider } from '../adapters/llm/gemini-batch-provider.ts';
import { NodeHttpClient } from '../adapters/web/node-http-client.ts';
import {
  type ExtractContext,
  type ExtractParts,
  type PublisherContext,
  publisherContext,
} from '../core/extract/extract-context.ts';
import type { Extraction } from '../core/extract/extraction.ts';
import type { Platform } from '../core/platform.ts';
import { awsExtractSettings, LIBRARY_FOLDER } from './aws-extract-settings.ts';
import { openBedrockProviders } from './bedrock-providers.ts';
import { GEMINI_KEY_SECRET, geminiSettings } from './gemini-settings.ts';

type Providers = Pick<ExtractParts, 'provider' | 'singleProvider'>;
type Environment = Readonly<Record<string, string | undefined>>;

/** What an extraction of a stack stands on, beside its platform. */
export interface AwsExtractionOptions {
  readonly extraction: Extraction;
  readonly env: Environment;
  /** Of the lake. */
  readonly bucket: string;
  /** Lets Bedrock read and write in the bucket; for orchestrators alone. */
  readonly bedrockRoleArn?: string;
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
  { extraction, env, bucket, bedrockRoleArn, connection }: AwsExtractionOptions,
): OpenedExtraction {
  const { state, lake, clock, newId } = platform;
  const { provider: name, libraryPlace, settings } = awsExtractSettings(extraction, env);
  const place = libraryPlace ?? { bucket, prefix: `${LIBRARY_FOLDER}/${extraction.name}` };
  const library = openS3PageLibrary({ ...place, clock, connection });
  const closing: (() => unknown)[] = [() => library.close()];
  let providers: Promise<Providers> | undefined;

  const openProviders = async (): Promise<Providers> => {
    if (name === 'bedrock') {
      if (bedrockRoleArn === undefined)
        throw new Error('an orchestrator was opened without a role for Bedrock');
      const { close, ...bedrock } = openBedrockProviders({
        ...{ bucket, roleArn: bedrockRoleArn, extraction: extraction.name, clock, connection },
      });
      closing.push(close);
      return bedrock;
    }
    const secrets = openSecrets(connection);
    const key = await secrets.text(env[GEMINI_KEY_SECRET]!).finally(() => secrets.close());
    const http = new NodeHttpClient();
    closing.push(() => http.close());
    const gemini = geminiSettings({ ...env, GEMINI_API_KEY: key });
    return { provider: openGeminiBatchProvider({ http, clock, ...gemini }) };
  };

  const records = (call: ExtractionCall) =>
    publisherContext({ extraction, settings, library, state, lake, clock, newId, ...call });
  return {
    records,
    async orchestrator(call) {
      providers ??= openProviders();
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
