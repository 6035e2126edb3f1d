import type { Extraction } from '../core/extract/extraction.ts';
import type { AwsOptions } from './aws.ts';
import { connectionOf } from './aws-connection.ts';
import { type OpenAwsProviders, type OpenedExtraction, openAwsExtraction } from './aws-extraction.ts';
import type { StackPlatform } from './stack.ts';
import { extractionResourcesOf } from './stack-outputs.ts';

/**
 * An extraction of a stack, for the command line: with the settings that it was deployed with, whatever is
 * set here. Opens no connection before it is used. Throws a `StorageError` where it was not deployed.
 */
export function openStackExtraction(
  platform: StackPlatform,
  extraction: Extraction,
  env: AwsOptions['env'],
): OpenedExtraction {
  const { bucket, bedrockRoleArn } = platform.resources;
  const { settings } = extractionResourcesOf(platform.resources, extraction.name);
  // Loaded by what asks them: most commands only read.
  const openProviders: OpenAwsProviders = async (options) => {
    const { awsProviders } = await import('./aws-providers.ts');
    return awsProviders(bedrockRoleArn ?? '')(options);
  };
  return openAwsExtraction(platform, {
    ...{ extraction, env: settings, bucket, openProviders, connection: connectionOf(env) },
  });
}
