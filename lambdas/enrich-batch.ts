import { batchHandler } from '../core/enrich/handle-batch.ts';
import { enricherOf } from '../core/enrich/stores.ts';
import { type Platform, StageError } from '../core/platform.ts';
import type { ReceivedMessage } from '../core/ports/work-queue.ts';
import type { SqsEvent } from './contracts.ts';
import { countsOf, type Observer } from './observe.ts';

/** What Lambda reads: the messages that are to come again. It deletes the others. */
interface PartialResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Stores the records of a batch together. A store that cannot do its work is thrown, and the whole batch
 * comes again; a record that is refused by itself is reported, and no other.
 */
export async function enrichBatch(
  platform: Platform,
  event: SqsEvent,
  observer: Observer,
): Promise<PartialResponse> {
  observer.delivered(event, platform.clock.now());
  const { Records } = event;
  const { logger } = observer;
  const kind = kindOf(platform, Records);
  const deliveries = Records.map(
    ({ messageId, body, receiptHandle, attributes }): ReceivedMessage => ({
      id: messageId,
      body,
      deliveries: attributes.ApproximateReceiveCount,
      receipt: receiptHandle,
    }),
  );
  const answers = await batchHandler(platform)(deliveries.map((delivery) => ({ kind, delivery })));
  const again: string[] = [];
  for (const [at, answer] of answers.entries()) {
    const delivery = deliveries[at]!;
    if (answer.kind === 'dead') await platform.enrichmentQueue(kind).deadLetter(delivery, answer.reason);
    if (answer.kind === 'retry') again.push(delivery.id);
    if (answer.kind === 'dead' || answer.kind === 'retry' || answer.kind === 'parked')
      logger.warn('record not stored', { recordKind: kind, messageId: delivery.id, ...answer });
  }
  const results = countsOf(answers.map((answer) => answer.kind));
  logger.info('enriched', { recordKind: kind, records: answers.length, results });
  return { batchItemFailures: again.map((itemIdentifier) => ({ itemIdentifier })) };
}

/** `tutor` of `arn:aws:sqs:eu-west-1:123456789012:rescrape-dev-enrich-tutor`: of which queue the batch is. */
function kindOf(platform: Platform, records: SqsEvent['Records']): string {
  const queue = records[0]?.eventSourceARN ?? '';
  const kind = /-enrich-([^:]+)$/.exec(queue)?.[1] ?? '';
  try {
    return enricherOf(platform, kind).kind;
  } catch (error) {
    throw new StageError('BadInput', `the queue ${JSON.stringify(queue)}: ${(error as Error).message}`);
  }
}
