import { connectionOf } from '../runtime/aws.ts';
import { awsExtractSettings } from '../runtime/aws-extract-settings.ts';
import { openAwsExtraction } from '../runtime/aws-extraction.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';
import { ENV_CONTRACTS, readEnv } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { extractWaveStage, type OpenExtraction } from './extract-wave.ts';
import { handlerOf } from './stage-handler.ts';

const { env } = process;
const { RESCRAPE_BUCKET: bucket, RESCRAPE_BEDROCK_ROLE_ARN: bedrockRoleArn } = readEnv(
  ENV_CONTRACTS['extract-wave'],
  env,
);
// A setting that cannot be used is told at the cold start, as those of sources are.
for (const extraction of EXTRACTIONS) awsExtractSettings(extraction, env);

const open: OpenExtraction = (platform, extraction) =>
  openAwsExtraction(platform, { extraction, env, bucket, bedrockRoleArn, connection: connectionOf(env) });

export const handler = handlerOf(extractWaveStage(EXTRACTIONS, open), deployedPlatform('extract-wave', []));
