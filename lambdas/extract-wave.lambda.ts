import { awsProviders } from '../runtime/aws-providers.ts';
import { ENV_CONTRACTS, readEnv } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { extractWaveStage } from './extract-wave.ts';
import { openDeployedExtractions } from './opened-extractions.ts';
import { handlerOf } from './stage-handler.ts';

const variables = readEnv(ENV_CONTRACTS['extract-wave'](), process.env);

export const handler = handlerOf(
  extractWaveStage(openDeployedExtractions(variables, awsProviders(variables.RESCRAPE_BEDROCK_ROLE_ARN))),
  deployedPlatform('extract-wave', []),
);
