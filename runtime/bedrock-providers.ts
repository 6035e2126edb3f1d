import { openBedrockBatchProvider } from '../adapters/aws/bedrock-batch-provider.ts';
import { openBedrockSingleProvider } from '../adapters/aws/bedrock-single-provider.ts';
import type { AwsConnection } from '../adapters/aws/client-settings.ts';
import type { ExtractParts } from '../core/extract/extract-context.ts';
import type { Clock } from '../core/ports/clock.ts';
import { BEDROCK_FOLDER } from './aws-extract-settings.ts';
import type { BedrockSettings } from './bedrock-settings.ts';

export interface BedrockProvidersOptions extends BedrockSettings {
  /** Name of the extraction. */
  readonly extraction: string;
  readonly clock: Clock;
  readonly connection: AwsConnection;
}

/** Bedrock in batches, and page by page for what is too few for one; both below one folder of a bucket. */
export function openBedrockProviders({
  bucket,
  roleArn,
  extraction,
  clock,
  connection,
}: BedrockProvidersOptions): Required<Pick<ExtractParts, 'provider' | 'singleProvider'>> & { close(): void } {
  const files = { bucket, prefix: `${BEDROCK_FOLDER}/${extraction}`, connection };
  const provider = openBedrockBatchProvider({ ...files, roleArn });
  const singleProvider = openBedrockSingleProvider({ ...files, clock });
  return {
    provider,
    singleProvider,
    close() {
      provider.close();
      singleProvider.close();
    },
  };
}
