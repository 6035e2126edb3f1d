import { SQSClient } from '@aws-sdk/client-sqs';
import { assertReceivable } from '../../core/ports/queue-message.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import type {
  DeadLetter,
  OutgoingMessage,
  QueueDepth,
  ReceivedMessage,
  WorkQueue,
} from '../../core/ports/work-queue.ts';
import { type AwsConnection, clientSettings } from './client-settings.ts';
import { batchesOf, forEachBatch, tensOf } from './sqs-batch.ts';
import { listDeadLetters } from './sqs-dead-letters.ts';
import { nameOf, SqsQueue } from './sqs-queue.ts';

export interface SqsWorkQueueOptions {
  readonly queueUrl: string;
  /** Left out by those who only send: whoever counts, lists or moves messages there gets a `StorageError`. */
  readonly deadLettersUrl?: string;
  /** Named in errors about a queue that is not there. */
  readonly stack?: string;
  /**
   * Seconds that `receive` waits for a message. Without waiting SQS asks only some of its servers, and says
   * "nothing" of a queue that has something.
   * @default 1
   */
  readonly waitSeconds?: number;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
}

/** What XML, and so SQS, cannot carry. */
const UNPRINTABLE = /[^\x20-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/**
 * A standard SQS queue and its dead-letter queue. SQS itself moves a message to the dead letters when it was
 * received more often than its redrive policy allows; `deadLetter` sends the message there and then deletes
 * it, so that a crash between the two leaves two of it and never none.
 *
 * Times are whole seconds, rounded up. Needs sqs:SendMessage, ReceiveMessage, DeleteMessage,
 * ChangeMessageVisibility and GetQueueAttributes on both queues, and for `clear` sqs:PurgeQueue, which only
 * an operator has.
 */
export function openSqsWorkQueue(options: SqsWorkQueueOptions): WorkQueue & { close(): void } {
  return new SqsWorkQueue(options);
}

class SqsWorkQueue implements WorkQueue {
  readonly #client: SQSClient;
  readonly #queue: SqsQueue;
  readonly #deadLetters: SqsQueue | undefined;
  readonly #name: string;

  constructor({ queueUrl, deadLettersUrl, stack, waitSeconds = 1, connection = {} }: SqsWorkQueueOptions) {
    const client = new SQSClient({
      ...clientSettings(connection),
      // An endpoint that was named is where to go, whatever host the address of the queue has.
      ...(connection.endpoint !== undefined && { useQueueUrlAsEndpoint: false }),
    });
    const shared = { client, stack, waitSeconds };
    this.#client = client;
    this.#name = nameOf(queueUrl);
    this.#queue = new SqsQueue({ ...shared, url: queueUrl });
    this.#deadLetters =
      deadLettersUrl === undefined ? undefined : new SqsQueue({ ...shared, url: deadLettersUrl });
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    await forEachBatch(batchesOf(messages), (batch) => this.#queue.send(batch));
  }

  async receive({ max, visibilityMs }: { max: number; visibilityMs: number }): Promise<ReceivedMessage[]> {
    assertReceivable(max);
    const messages = await this.#queue.receive(max, visibilityMs);
    return messages.map(({ MessageId, Body, ReceiptHandle, Attributes }) => ({
      id: MessageId ?? '',
      body: Body ?? '',
      deliveries: Number(Attributes?.ApproximateReceiveCount ?? 1),
      receipt: ReceiptHandle ?? '',
    }));
  }

  async acknowledge(messages: readonly ReceivedMessage[]): Promise<void> {
    await deleteAll(this.#queue, messages);
  }

  release({ receipt }: ReceivedMessage, delayMs: number): Promise<void> {
    return this.#queue.hide(receipt, delayMs);
  }

  async deadLetter({ body, receipt }: ReceivedMessage, reason: string): Promise<boolean> {
    await this.sendDeadLetter(body, reason);
    await this.#queue.delete(receipt);
    return true;
  }

  async sendDeadLetter(body: string, reason: string): Promise<void> {
    const said = reason.replace(UNPRINTABLE, ' ').slice(0, 1000).trim() || 'no reason was given';
    await this.#dead('sqs:SendMessage').sendDeadLetter(body, said);
  }

  async depth(): Promise<QueueDepth> {
    // Before anything is asked: nobody would wait for that answer, and its failure would end the process.
    const deadLetters = this.#dead('sqs:GetQueueAttributes');
    const [queue, dead] = await Promise.all([this.#queue.counts(), deadLetters.counts()]);
    return { ...queue, dead: dead.due + dead.delayed + dead.inFlight };
  }

  deadLetters(): AsyncGenerator<DeadLetter> {
    return listDeadLetters(this.#dead('sqs:ReceiveMessage'));
  }

  async purge(deadLetters: readonly DeadLetter[]): Promise<void> {
    await deleteAll(this.#dead('sqs:DeleteMessage'), deadLetters);
  }

  async clear(): Promise<void> {
    const dead = this.#dead('sqs:PurgeQueue');
    await this.#queue.purge();
    await dead.purge();
  }

  close(): void {
    this.#client.destroy();
  }

  #dead(action: string): SqsQueue {
    if (this.#deadLetters) return this.#deadLetters;
    throw new StorageError(
      `${action}: the dead letters of ${this.#name} are not known here; name their queue in RESCRAPE_FAILED_ITEMS_DLQ_URL`,
    );
  }
}

/** What a receipt names, ten at a time. */
async function deleteAll(queue: SqsQueue, messages: readonly { readonly receipt: string }[]): Promise<void> {
  const receipts = messages.map(({ receipt }) => receipt);
  await forEachBatch(tensOf(receipts), (ten) => queue.deleteBatch(ten));
}
