import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqsWorkQueue } from '../../../adapters/aws/sqs-work-queue.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import type { DeadLetter } from '../../../core/ports/work-queue.ts';
import { FlickeringMessages } from './flickering-messages.ts';
import { type Answer, type Input, type ScriptedService, serveScripted } from './scripted-service.ts';

const message = (n: number): DeadLetter => ({ id: `id-${n}`, body: `message ${n}`, receipt: `receipt-${n}` });
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('the SQS work queue, when SQS misbehaves', () => {
  let service: ScriptedService;
  let queue: ReturnType<typeof openSqsWorkQueue>;
  let answer: (operation: string, entries: readonly Input[], calls: number) => Answer | Promise<Answer>;
  beforeEach(async () => {
    answer = () => ({ output: {} });
    service = await serveScripted((operation, { Entries }, calls) =>
      answer(operation, (Entries ?? []) as Input[], calls),
    );
    const url = (name: string) => `${service.connection.endpoint}/123456789012/${name}`;
    queue = openSqsWorkQueue({
      queueUrl: url('failed-items'),
      deadLettersUrl: url('failed-items-dlq'),
      stack: 'rescrape-dev-pipeline',
      waitSeconds: 0,
      connection: service.connection,
    });
  });
  afterEach(async () => {
    queue.close();
    await service[Symbol.asyncDispose]();
  });
  const operations = () => service.calls.map(({ operation }) => operation);

  it('says how many messages SQS did not take, after it tried again', async () => {
    answer = (operation, entries) =>
      operation === 'SendMessageBatch'
        ? { output: { Failed: entries.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false })) } }
        : { output: {} };
    await expect(queue.send([{ body: '0', delayMs: 0 }])).rejects.toThrow(
      /^sqs:SendMessage failed-items: 1 of 1 messages were not taken \(InternalError: \); run again$/,
    );
    expect(operations()).toEqual(Array(4).fill('SendMessageBatch'));
  });

  it('asks nothing whose answer nobody waits for, where the dead letters are not known', async () => {
    const queueUrl = `${service.connection.endpoint}/123456789012/failed-items`;
    const sender = openSqsWorkQueue({ queueUrl, waitSeconds: 0, connection: service.connection });
    await expect(sender.depth()).rejects.toThrow(/RESCRAPE_FAILED_ITEMS_DLQ_URL/);
    // By then a request of before would have arrived.
    await queue.depth();
    expect(operations()).toEqual(['GetQueueAttributes', 'GetQueueAttributes']);
    sender.close();
  });

  it('deletes again what SQS missed of a batch, and no other', async () => {
    answer = (operation, _, calls) =>
      operation === 'DeleteMessageBatch' && calls === 1
        ? { output: { Failed: [{ Id: '1', Code: 'InternalError', SenderFault: false }] } }
        : { output: {} };
    await queue.purge(numbers(3).map(message));
    const receipts = service.calls.map(({ input }) =>
      (input.Entries as { ReceiptHandle: string }[]).map(({ ReceiptHandle }) => ReceiptHandle),
    );
    expect(receipts).toEqual([['receipt-0', 'receipt-1', 'receipt-2'], ['receipt-1']]);
  });

  it('takes a message that is gone by now for deleted', async () => {
    answer = (_, entries) => ({
      output: {
        Failed: entries.map(({ Id }) => ({ Id, Code: 'ReceiptHandleIsInvalid', SenderFault: true })),
      },
    });
    await queue.purge([message(0)]);
    expect(operations()).toEqual(['DeleteMessageBatch']);
  });

  it('purges both queues to clear them', async () => {
    await queue.clear();
    expect(service.calls.map(({ operation, input }) => [operation, String(input.QueueUrl)])).toEqual([
      ['PurgeQueue', expect.stringMatching(/failed-items$/)],
      ['PurgeQueue', expect.stringMatching(/failed-items-dlq$/)],
    ]);
  });

  it.each(['com.amazonaws.sqs#PurgeQueueInProgress', 'AWS.SimpleQueueService.PurgeQueueInProgress'])(
    'says when to come again where a queue was purged just now: %s',
    async (error) => {
      answer = () => ({ error });
      await expect(queue.clear()).rejects.toThrow(
        new StorageError(
          'sqs:PurgeQueue: the queue failed-items was purged within the last minute; run again in a minute',
        ),
      );
    },
  );

  it('names the stack of a queue that is not there', async () => {
    answer = () => ({ error: 'com.amazonaws.sqs#QueueDoesNotExist' });
    await expect(Array.fromAsync(queue.deadLetters())).rejects.toThrow(
      new StorageError(
        'sqs:ReceiveMessage: the queue failed-items-dlq of the stack rescrape-dev-pipeline is not there; deploy the stack again, or check the region',
      ),
    );
  });

  describe('with many dead letters', () => {
    const answerFrom =
      (messages: FlickeringMessages, receive = () => messages.receive()) =>
      (operation: string, entries: readonly Input[]) =>
        operation === 'ReceiveMessage' ? receive() : messages.show(entries);
    const list = async () => (await Array.fromAsync(queue.deadLetters())).map(({ body }) => body);
    const bodies = (count: number) => numbers(count).map((n) => `message ${n}`);
    const receives = () => operations().filter((operation) => operation === 'ReceiveMessage').length;

    it('lists each once, oldest first, and ends, where they come back as fast as they are read', async () => {
      const messages = new FlickeringMessages(250, 20);
      answer = answerFrom(messages);
      expect(await list()).toEqual(bodies(250));
      expect(receives()).toBeLessThanOrEqual(50);
      expect(messages.hidden).toEqual([]);
    });

    it('asks for ten times ten at once', async () => {
      const messages = new FlickeringMessages(100, 1000);
      const isFull = Promise.withResolvers<void>();
      answer = async (operation, entries) => {
        if (receives() === 10) isFull.resolve();
        await isFull.promise;
        return answerFrom(messages)(operation, entries);
      };
      expect(await list()).toEqual(bodies(100));
      const asked = service.calls.filter(({ operation }) => operation === 'ReceiveMessage');
      expect(asked.map(({ input }) => input.MaxNumberOfMessages)).toEqual(Array(20).fill(10));
    });

    it('goes on where some of the servers of SQS say that there is nothing', async () => {
      const messages = new FlickeringMessages(120, 1000);
      answer = answerFrom(messages, () => (receives() % 5 === 0 ? messages.receive() : { output: {} }));
      expect(await list()).toEqual(bodies(120));
      expect(messages.hidden).toEqual([]);
    });

    it('shows those again that it has read when it cannot read the rest', async () => {
      const messages = new FlickeringMessages(250, 1000);
      answer = answerFrom(messages, () =>
        receives() === 15 ? { error: 'AccessDenied', status: 403 } : messages.receive(),
      );
      await expect(list()).rejects.toThrow(/^sqs:ReceiveMessage failed-items-dlq: /);
      expect(receives()).toBe(20);
      expect(messages.hidden).toEqual([]);
    });

    it('shows all of them again to whoever looks at the first only', async () => {
      const messages = new FlickeringMessages(25, 1000);
      answer = answerFrom(messages);
      for await (const { body } of queue.deadLetters()) {
        expect(body).toBe('message 0');
        break;
      }
      expect(messages.hidden).toEqual([]);
    });
  });
});
