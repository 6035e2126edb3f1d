import { openBedrockBatchProvider } from '../adapters/aws/bedrock-batch-provider.ts';
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
import type { BatchProvider } from '../core/ports/batch-provider.ts';
import { awsExtractSettings, BEDROCK_FOLDER, LIBRARY_FOLDER } from './aws-extract-settings.ts';
import { GEMINI_KEY_SECRET, geminiSettings } from './gemini-settings.ts';

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
  let provider: Promise<BatchProvider> | undefined;

  const openProvider = async (): Promise<BatchProvider> => {
    if (name === 'bedrock') {
      if (bedrockRoleArn === undefined)
        throw new Error('an orchestrator was opened without a role for Bedrock');
      const prefix = `${BEDROCK_FOLDER}/${extraction.name}`;
      const bedrock = openBedrockBatchProvider({ bucket, prefix, roleArn: bedrockRoleArn, connection });
      closing.push(() => bedrock.close());
      return bedrock;
    }
    const secrets = openSecrets(connection);
    const key = await secrets.text(env[GEMINI_KEY_SECRET]!).finally(() => secrets.close());
    const http = new NodeHttpClient();
    closing.push(() => http.close());
    return openGeminiBatchProvider({ http, clock, ...geminiSettings({ ...env, GEMINI_API_KEY: key }) });
  };

  const records = (call: ExtractionCall) =>
    publisherContext({ extraction, settings, library, state, lake, clock, newId, ...call });
  return {
    records,
    async orchestrator(call) {
      provider ??= openProvider();
      // Secrets that could not be read now may be with the next call.
      provider.catch(() => {
        provider = undefined;
      });
      return { ...records(call), provider: await provider };
    },
    close: async () => {
      for (const close of closing) await close();
    },
  };
}
