import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSRecord } from 'aws-lambda';
import type { Platform } from '../core/platform.ts';
import { askingTogether } from '../core/retry/ask-together.ts';
import { handleFailedItem, staysQueued } from '../core/retry/handle-message.ts';
import { asStageError } from '../runtime/aws-error.ts';
import { withinTime } from '../runtime/within-time.ts';
import type { SqsEvent } from './contracts.ts';
import type { Observer } from './observe.ts';
import { timeLeft } from './stage-handler.ts';

/**
 * Not an error: Lambda deletes every message of a batch that is not reported, and this one is to come again.
 */
class StillQueued extends Error {
  override readonly name = 'StillQueued';
}

/**
 * One message after the other, because they ask one site; one that breaks takes none of its neighbours with
 * it.
 */
export function retryBatch(
  platform: Platform,
  event: SqsEvent,
  context: Context,
  observer: Observer,
): Promise<unknown> {
  observer.delivered(event, platform.clock.now());
  return withinTime(platform, timeLeft(context), (within, mustStop) =>
    handleBatch(askingTogether(within), event, context, observer, mustStop),
  );
}

function handleBatch(
  platform: Platform,
  event: SqsEvent,
  context: Context,
  { logger }: Observer,
  mustStop: () => boolean,
): Promise<unknown> {
  const handle = async ({ messageId, body, receiptHandle, attributes }: SQSRecord): Promise<void> => {
    const deliveries = Number(attributes.ApproximateReceiveCount);
    logger.resetKeys();
    logger.appendKeys({ messageId, deliveries });
    const delivery = { id: messageId, body, deliveries, receipt: receiptHandle };
    const answer = await handleFailedItem(platform, delivery, mustStop).catch((thrown: unknown) => {
      const error = asStageError(thrown);
      logger.error('retry broke', { error });
      throw error;
    });
    logger.info('retry', { ...answer, ...('result' in answer && { result: answer.result.status }) });
    if (staysQueued(answer)) throw new StillQueued(answer.kind);
  };
  return processPartialResponse(
    // Only what the schema has checked is read of a record.
    event as unknown as { Records: SQSRecord[] },
    handle,
    new BatchProcessor(EventType.SQS),
    { context, processInParallel: false, throwOnFullBatchFailure: false },
  );
}
