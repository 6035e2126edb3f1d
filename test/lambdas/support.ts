import type { Context } from 'aws-lambda';
import { ENRICHERS } from '../../sources/enrichers.ts';

/** Values that every contract takes; nothing is there, and nothing is asked before a handler is called. */
export const ENV: Readonly<Record<string, string>> = {
  AWS_REGION: 'eu-west-1',
  RESCRAPE_STAGE: 'dev',
  RESCRAPE_BUCKET: 'lake',
  RESCRAPE_TABLE: 'state',
  RESCRAPE_DATABASE: 'rescrape',
  RESCRAPE_FAILED_ITEMS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/000000000000/failed-items',
  RESCRAPE_FAILED_ITEMS_DLQ_URL: 'https://sqs.eu-west-1.amazonaws.com/000000000000/failed-items-dlq',
  RESCRAPE_ENRICHMENT_QUEUES: JSON.stringify(
    Object.fromEntries(
      ENRICHERS.map(({ kind }) => [
        kind,
        {
          queueUrl: `https://sqs.eu-west-1.amazonaws.com/000000000000/enrich-${kind}`,
          deadLettersUrl: `https://sqs.eu-west-1.amazonaws.com/000000000000/enrich-${kind}-dlq`,
        },
      ]),
    ),
  ),
  RESCRAPE_BEDROCK_ROLE_ARN: 'arn:aws:iam::000000000000:role/bedrock',
  RESCRAPE_TOPIC_ARN: 'arn:aws:sns:eu-west-1:000000000000:reports',
  // Log and metrics by the console, where a test can see them.
  POWERTOOLS_DEV: 'true',
  POWERTOOLS_METRICS_DISABLED: 'false',
};

/** A call with so many milliseconds before its deadline. */
export function contextWith(remainingMs = 300_000): Context {
  return {
    awsRequestId: 'request',
    functionName: 'function',
    functionVersion: '1',
    invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:function',
    memoryLimitInMB: '512',
    logGroupName: 'group',
    logStreamName: 'stream',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => remainingMs,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
