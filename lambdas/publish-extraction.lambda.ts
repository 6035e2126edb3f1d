import { withGlue } from '../runtime/aws.ts';
import { ENV_CONTRACTS, readEnv } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { openDeployedExtractions } from './opened-extractions.ts';
import { publishExtractionStage } from './publish-extraction.ts';
import { handlerOf } from './stage-handler.ts';

const variables = readEnv(ENV_CONTRACTS['publish-extraction'](), process.env);

export const handler = handlerOf(
  publishExtractionStage(openDeployedExtractions(variables)),
  deployedPlatform('publish-extraction', [withGlue]),
);
