import { type AwsPart, type AwsResources, openAwsPlatform } from '../runtime/aws.ts';
import { everySource, withDerived } from '../runtime/every-source.ts';
import { loadListed } from '../sources/listed.ts';
import { ENV_CONTRACTS, type FunctionName, readEnv } from './contracts.ts';
import type { OpenPlatform } from './stage-handler.ts';

type Contract = ReturnType<(typeof ENV_CONTRACTS)[FunctionName]>;

/**
 * How a function opens its platform: what its variables name, and the parts that it has a use for. `load`:
 * the sources, loaded at the cold start; `loadScraped` where no event is about a table that is derived.
 * Throws an EnvError at once where a variable of its contract is missing or malformed.
 */
export function deployedPlatform(
  name: FunctionName,
  parts: readonly AwsPart[],
  load: typeof loadListed = loadListed,
): OpenPlatform {
  const env = readEnv<Contract>(ENV_CONTRACTS[name](), process.env);
  const resources: AwsResources = {
    bucket: env.RESCRAPE_BUCKET,
    table: env.RESCRAPE_TABLE,
    ...('RESCRAPE_DATABASE' in env && { database: env.RESCRAPE_DATABASE }),
    ...('RESCRAPE_TOPIC_ARN' in env && { topicArn: env.RESCRAPE_TOPIC_ARN }),
    ...('RESCRAPE_FAILED_ITEMS_QUEUE_URL' in env && {
      failedItems: {
        queueUrl: env.RESCRAPE_FAILED_ITEMS_QUEUE_URL,
        ...('RESCRAPE_FAILED_ITEMS_DLQ_URL' in env && { deadLettersUrl: env.RESCRAPE_FAILED_ITEMS_DLQ_URL }),
      },
    }),
    ...('RESCRAPE_ENRICHMENT_QUEUES' in env && {
      enrichmentQueues: new Map(Object.entries(env.RESCRAPE_ENRICHMENT_QUEUES)),
    }),
  };
  return async (onEvent) => {
    const listed = await load();
    const sources = await withDerived(listed);
    const { enrichers } = listed;
    const options = {
      env: process.env,
      onEvent,
      sources,
      enrichers,
      ...(load !== loadListed && { everySource }),
    };
    return openAwsPlatform(resources, parts, options);
  };
}
