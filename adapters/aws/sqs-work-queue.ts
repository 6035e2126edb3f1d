import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { StorageError } from '../../core/ports/storage-error.ts';
import type {
  DeadLetter,
  OutgoingMessage,
  QueueDepth,
  ReceivedMessage,
  WorkQueue,
} from '../../core/ports/work-queue.ts';
import { awsFailure, awsTrouble } from './aws-failure.ts';
import { type AwsConnection, clientSettings } from './client-settings.ts';
import { batchesOf } from './sqs-batch.ts';

export interface SqsWorkQueueOptions {
  readonly queueUrl: string;
  /** Left out by those who only send: whoever buries, counts or lists then gets a `StorageError`. */
  readonly deadLettersUrl?: string;
  /** Named in errors about a queue that is not there. */
  readonly stack?: string;
  /**
   * Seconds that `receive` waits for a message. Without waiting SQS asks only some of its servers, and says "nothing" of a
   * queue that has something.
   * @default 1
   */
  readonly waitSeconds?: number;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
}

/** The longest that SQS delays a message when it is sent. Whoever receives it early looks at its own due time and releases it. */
const MAX_DELAY_S = 900;
/** SQS hides a message for 12 hours from when it was received; the rest is for what has passed since then. */
const MAX_HIDDEN_S = 43_200 - 1_200;
/** How long a listing hides the dead letters that it shows, where it is not ended in order. */
const LISTED_S = 120;
/** How often SQS may fail to take single messages of a batch before it is an error. */
const SEND_TRIES = 4;
const REASON = 'reason';
/** What XML, and so SQS, cannot carry. */
const UNPRINTABLE = /[^\x20-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/**
 * A standard SQS queue and its dead-letter queue. SQS itself moves a message to the dead letters when it was received more
 * often than its redrive policy allows; `bury` and `redrive` send the message to the other queue and then delete it, so that
 * a crash between the two leaves two of it and never none.
 *
 * Times are whole seconds, rounded up. Needs sqs:SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility and
 * GetQueueAttributes on both queues.
 */
export function openSqsWorkQueue(options: SqsWorkQueueOptions): WorkQueue & { close(): void } {
  return new SqsWorkQueue(options);
}

class SqsWorkQueue implements WorkQueue {
  readonly #url: string;
  readonly #deadUrl: string | undefined;
  readonly #stack: string | undefined;
  readonly #waitSeconds: number;
  readonly #client: SQSClient;

  constructor({ queueUrl, deadLettersUrl, stack, waitSeconds = 1, connection = {} }: SqsWorkQueueOptions) {
    this.#url = queueUrl;
    this.#deadUrl = deadLettersUrl;
    this.#stack = stack;
    this.#waitSeconds = waitSeconds;
    this.#client = new SQSClient({
      ...clientSettings(connection),
      // An endpoint that was named is where to go, whatever host the address of the queue has.
      ...(connection.endpoint !== undefined && { useQueueUrlAsEndpoint: false }),
    });
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    for (const batch of batchesOf(messages)) await this.#sendBatch(batch);
  }

  async receive({ max, visibilityMs }: { max: number; visibilityMs: number }): Promise<ReceivedMessage[]> {
    if (!Number.isInteger(max) || max < 1 || max > 10)
      throw new RangeError(`receive at most 1 to 10 messages, not ${max}`);
    const messages = await this.#receive(this.#url, max, Math.min(seconds(visibilityMs), MAX_HIDDEN_S));
    return messages.map(({ MessageId, Body, ReceiptHandle, Attributes }) => ({
      id: MessageId ?? '',
      body: Body ?? '',
      deliveries: Number(Attributes?.ApproximateReceiveCount ?? 1),
      receipt: ReceiptHandle ?? '',
    }));
  }

  acknowledge({ receipt }: ReceivedMessage): Promise<void> {
    return this.#delete(this.#url, receipt);
  }

  async release({ receipt }: ReceivedMessage, delayMs: number): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl: this.#url,
      ReceiptHandle: receipt,
      VisibilityTimeout: Math.min(seconds(delayMs), MAX_HIDDEN_S),
    });
    await this.#attempt('sqs:ChangeMessageVisibility', this.#url, () => this.#client.send(command)).catch(
      unlessGone,
    );
  }

  async bury(message: ReceivedMessage, reason: string): Promise<void> {
    const url = this.#dead('sqs:SendMessage');
    const said = reason.replace(UNPRINTABLE, ' ').slice(0, 1000).trim() || 'no reason was given';
    const command = new SendMessageCommand({
      QueueUrl: url,
      MessageBody: message.body,
      MessageAttributes: { [REASON]: { DataType: 'String', StringValue: said } },
    });
    await this.#attempt('sqs:SendMessage', url, () => this.#client.send(command));
    await this.#delete(this.#url, message.receipt);
  }

  async depth(): Promise<QueueDepth> {
    const [queue, dead] = await Promise.all([
      this.#counts(this.#url),
      this.#counts(this.#dead('sqs:GetQueueAttributes')),
    ]);
    return { ...queue, dead: dead.due + dead.delayed + dead.inFlight };
  }

  /**
   * Receives every letter before it shows the first, because SQS knows no order; those that nobody redrove or purged are
   * visible again when the listing has ended.
   */
  async *deadLetters(): AsyncGenerator<DeadLetter> {
    const url = this.#dead('sqs:ReceiveMessage');
    const found = new Map<string, Message>();
    try {
      for (;;) {
        const messages = await this.#receive(url, 10, LISTED_S);
        if (messages.length === 0) break;
        for (const message of messages) found.set(message.MessageId ?? '', message);
      }
      const sentAt = ({ Attributes }: Message) => Number(Attributes?.SentTimestamp ?? 0);
      for (const message of [...found.values()].sort((a, b) => sentAt(a) - sentAt(b))) {
        const reason = message.MessageAttributes?.[REASON]?.StringValue;
        yield {
          id: message.MessageId ?? '',
          body: message.Body ?? '',
          ...(reason !== undefined && { reason }),
          receipt: message.ReceiptHandle ?? '',
        };
      }
    } finally {
      await this.#show(url, [...found.values()]);
    }
  }

  async redrive({ body, receipt }: DeadLetter, delayMs: number): Promise<void> {
    await this.send([{ body, delayMs }]);
    await this.#delete(this.#dead('sqs:DeleteMessage'), receipt);
  }

  purge({ receipt }: DeadLetter): Promise<void> {
    return this.#delete(this.#dead('sqs:DeleteMessage'), receipt);
  }

  close(): void {
    this.#client.destroy();
  }

  /** SQS may take some messages of a batch and not others; those are sent again, and no other. */
  async #sendBatch(batch: readonly OutgoingMessage[]): Promise<void> {
    let left = batch.map(({ body, delayMs }, n) => ({
      Id: String(n),
      MessageBody: body,
      DelaySeconds: Math.min(seconds(delayMs), MAX_DELAY_S),
    }));
    for (let tries = 1; left.length > 0; tries++) {
      const command = new SendMessageBatchCommand({ QueueUrl: this.#url, Entries: left });
      const { Failed = [] } = await this.#attempt('sqs:SendMessage', this.#url, () =>
        this.#client.send(command),
      );
      const [first] = Failed;
      if (first && (tries >= SEND_TRIES || Failed.some(({ SenderFault }) => SenderFault))) {
        throw new StorageError(
          `sqs:SendMessage ${nameOf(this.#url)}: ${Failed.length} of ${batch.length} messages were not taken (${first.Code}: ${first.Message ?? ''}); run again`,
        );
      }
      const again = new Set(Failed.map(({ Id }) => Id));
      left = left.filter(({ Id }) => again.has(Id));
    }
  }

  async #receive(url: string, max: number, hiddenSeconds: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: max,
      VisibilityTimeout: hiddenSeconds,
      WaitTimeSeconds: this.#waitSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
      MessageAttributeNames: [REASON],
    });
    const { Messages = [] } = await this.#attempt('sqs:ReceiveMessage', url, () =>
      this.#client.send(command),
    );
    return Messages;
  }

  async #delete(url: string, receipt: string): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt });
    await this.#attempt('sqs:DeleteMessage', url, () => this.#client.send(command)).catch(unlessGone);
  }

  /** Best effort: letters that stay hidden come back by themselves. Those that are gone by now answer with a failure each. */
  async #show(url: string, messages: readonly Message[]): Promise<void> {
    for (let at = 0; at < messages.length; at += 10) {
      const command = new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: messages.slice(at, at + 10).map(({ ReceiptHandle }, n) => ({
          Id: String(n),
          ReceiptHandle: ReceiptHandle ?? '',
          VisibilityTimeout: 0,
        })),
      });
      await this.#client.send(command).catch(() => undefined);
    }
  }

  async #counts(url: string): Promise<Omit<QueueDepth, 'dead'>> {
    const command = new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesDelayed',
        'ApproximateNumberOfMessagesNotVisible',
      ],
    });
    const { Attributes = {} } = await this.#attempt('sqs:GetQueueAttributes', url, () =>
      this.#client.send(command),
    );
    return {
      due: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    };
  }

  #dead(action: string): string {
    if (this.#deadUrl !== undefined) return this.#deadUrl;
    throw new StorageError(
      `${action}: the dead letters of ${nameOf(this.#url)} are not known here; name their queue in RESCRAPE_FAILED_ITEMS_DLQ_URL`,
    );
  }

  async #attempt<T>(action: string, url: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const absent = awsTrouble(error)?.name;
      if (absent === 'QueueDoesNotExist' || absent === 'AWS.SimpleQueueService.NonExistentQueue') {
        const whose = this.#stack === undefined ? '' : ` of the stack ${this.#stack}`;
        throw new StorageError(
          `${action}: the queue ${nameOf(url)}${whose} is not there; deploy the stack again, or check the region`,
          { cause: error },
        );
      }
      throw awsFailure(error, `${action} ${nameOf(url)}`);
    }
  }
}

function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}

/** `https://sqs.eu-west-1.amazonaws.com/123456789012/name` without the account. */
function nameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** The receipt of an earlier delivery: the message is deleted, or somebody else's by now. */
function unlessGone(error: unknown): void {
  const name = error instanceof StorageError ? awsTrouble(error.cause)?.name : undefined;
  const message = error instanceof Error ? error.message : '';
  const stale =
    name === 'ReceiptHandleIsInvalid' ||
    name === 'MessageNotInflight' ||
    (name === 'InvalidParameterValue' && /receipt ?handle|does not exist/i.test(message));
  if (!stale) throw error;
}
