import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { StorageError } from '../../core/ports/storage-error.ts';
import type { OutgoingMessage, QueueDepth } from '../../core/ports/work-queue.ts';
import { awsFailure, awsTrouble } from './aws-failure.ts';

/**
 * The longest that SQS delays a message when it is sent. Whoever receives it early looks at its own due time
 * and releases it.
 */
const MAX_DELAY_S = 900;
/** SQS hides a message for 12 hours from when it was received; the rest is for what has passed since then. */
const MAX_HIDDEN_S = 43_200 - 1_200;
/** How often SQS may fail to take single messages of a batch before it is an error. */
const BATCH_TRIES = 4;
/** The message attribute of a dead letter that says why it is one. */
export const REASON = 'reason';

export interface SqsQueueOptions {
  readonly client: SQSClient;
  readonly url: string;
  /** Named in errors about a queue that is not there. */
  readonly stack: string | undefined;
  readonly waitSeconds: number;
}

/** One queue of SQS. Times are whole seconds, rounded up; a receipt that is stale by now is no error. */
export class SqsQueue {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #stack: string | undefined;
  readonly #waitSeconds: number;

  constructor({ client, url, stack, waitSeconds }: SqsQueueOptions) {
    this.#client = client;
    this.#url = url;
    this.#stack = stack;
    this.#waitSeconds = waitSeconds;
  }

  /** One batch (`batchesOf`). */
  async send(batch: readonly OutgoingMessage[]): Promise<void> {
    const entries = batch.map(({ body, delayMs }, n) => ({
      Id: String(n),
      MessageBody: body,
      DelaySeconds: Math.min(seconds(delayMs), MAX_DELAY_S),
    }));
    await this.#inBatch('sqs:SendMessage', 'not taken', entries, (Entries) =>
      this.#client.send(new SendMessageBatchCommand({ QueueUrl: this.#url, Entries })),
    );
  }

  async sendDeadLetter(body: string, reason: string): Promise<void> {
    const command = new SendMessageCommand({
      QueueUrl: this.#url,
      MessageBody: body,
      MessageAttributes: { [REASON]: { DataType: 'String', StringValue: reason } },
    });
    await this.#attempt('sqs:SendMessage', () => this.#client.send(command));
  }

  async receive(max: number, hiddenMs: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url,
      MaxNumberOfMessages: max,
      VisibilityTimeout: Math.min(seconds(hiddenMs), MAX_HIDDEN_S),
      WaitTimeSeconds: this.#waitSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
      MessageAttributeNames: [REASON],
    });
    const { Messages = [] } = await this.#attempt('sqs:ReceiveMessage', () => this.#client.send(command));
    return Messages;
  }

  async delete(receipt: string): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle: receipt });
    await this.#attempt('sqs:DeleteMessage', () => this.#client.send(command)).catch(unlessGone);
  }

  /** At most ten. */
  async deleteBatch(receipts: readonly string[]): Promise<void> {
    const entries = receipts.map((ReceiptHandle, n) => ({ Id: String(n), ReceiptHandle }));
    await this.#inBatch('sqs:DeleteMessage', 'not deleted', entries, async (Entries) => {
      const command = new DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries });
      const { Failed = [] } = await this.#client.send(command);
      return { Failed: Failed.filter(({ Code, Message: said }) => !isGone(Code, said ?? '')) };
    });
  }

  async hide(receipt: string, ms: number): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl: this.#url,
      ReceiptHandle: receipt,
      VisibilityTimeout: Math.min(seconds(ms), MAX_HIDDEN_S),
    });
    await this.#attempt('sqs:ChangeMessageVisibility', () => this.#client.send(command)).catch(unlessGone);
  }

  /**
   * At most ten. Best effort: what stays hidden comes back by itself, and what is gone by now answers with a
   * failure each.
   */
  async show(receipts: readonly string[]): Promise<void> {
    const Entries = receipts.map((ReceiptHandle, n) => ({
      Id: String(n),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#url, Entries });
    await this.#client.send(command).catch(() => undefined);
  }

  async counts(): Promise<Omit<QueueDepth, 'dead'>> {
    const command = new GetQueueAttributesCommand({
      QueueUrl: this.#url,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesDelayed',
        'ApproximateNumberOfMessagesNotVisible',
      ],
    });
    const { Attributes = {} } = await this.#attempt('sqs:GetQueueAttributes', () =>
      this.#client.send(command),
    );
    return {
      due: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    };
  }

  /** SQS purges a queue once a minute, and takes up to a minute for it. */
  async purge(): Promise<void> {
    const command = new PurgeQueueCommand({ QueueUrl: this.#url });
    await this.#attempt('sqs:PurgeQueue', () => this.#client.send(command));
  }

  /** SQS may carry out some entries of a batch and not others; those are sent again, and no other. */
  async #inBatch<Entry extends { readonly Id: string }>(
    action: string,
    missed: string,
    entries: readonly Entry[],
    send: (entries: Entry[]) => Promise<{ readonly Failed?: BatchResultErrorEntry[] }>,
  ): Promise<void> {
    let left = [...entries];
    for (let tries = 1; left.length > 0; tries++) {
      const { Failed = [] } = await this.#attempt(action, () => send(left));
      const [first] = Failed;
      if (first && (tries >= BATCH_TRIES || Failed.some(({ SenderFault }) => SenderFault))) {
        throw new StorageError(
          `${action} ${nameOf(this.#url)}: ${Failed.length} of ${entries.length} messages were ${missed} (${first.Code}: ${first.Message ?? ''}); run again`,
        );
      }
      const again = new Set(Failed.map(({ Id }) => Id));
      left = left.filter(({ Id }) => again.has(Id));
    }
  }

  async #attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const name = awsTrouble(error)?.name;
      if (name === undefined) throw error;
      const queue = `${action}: the queue ${nameOf(this.#url)}`;
      if (ABSENT.has(name)) {
        const whose = this.#stack === undefined ? '' : ` of the stack ${this.#stack}`;
        throw new StorageError(`${queue}${whose} is not there; deploy the stack again, or check the region`, {
          cause: error,
        });
      }
      if (PURGED_JUST_NOW.has(name)) {
        throw new StorageError(`${queue} was purged within the last minute; run again in a minute`, {
          cause: error,
        });
      }
      throw awsFailure(error, `${action} ${nameOf(this.#url)}`);
    }
  }
}

/** Errors have one name in SQS's JSON protocol and another in its older one. */
const ABSENT = new Set(['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue']);
const PURGED_JUST_NOW = new Set(['PurgeQueueInProgress', 'AWS.SimpleQueueService.PurgeQueueInProgress']);

function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}

/** `https://sqs.eu-west-1.amazonaws.com/123456789012/name` without the account. */
export function nameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

function unlessGone(error: unknown): void {
  const name = error instanceof StorageError ? awsTrouble(error.cause)?.name : undefined;
  if (!isGone(name, error instanceof Error ? error.message : '')) throw error;
}

/** The receipt of an earlier delivery: the message is deleted, or somebody else's by now. */
function isGone(name: string | undefined, message: string): boolean {
  return (
    name === 'ReceiptHandleIsInvalid' ||
    name === 'MessageNotInflight' ||
    (name === 'InvalidParameterValue' && /receipt ?handle|does not exist/i.test(message))
  );
}
