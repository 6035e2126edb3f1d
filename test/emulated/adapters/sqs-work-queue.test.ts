import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqsWorkQueue } from '../../../adapters/aws/sqs-work-queue.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { workQueueContract } from '../../contracts/work-queue.contract.ts';
import { startEmulator } from '../../emulator/emulator.ts';

const MAX_DELIVERIES = 3;

const emulator = await startEmulator();
afterAll(() => emulator?.stop());

describe.skipIf(!emulator)('on an emulated SQS', () => {
  if (!emulator) return;
  const { connection } = emulator;
  const client = new SQSClient(connection);
  afterAll(() => client.destroy());

  async function newQueue(attributes: Record<string, string> = {}): Promise<string> {
    const command = new CreateQueueCommand({ QueueName: `queue-${randomUUID()}`, Attributes: attributes });
    return (await client.send(command)).QueueUrl!;
  }

  async function newQueues() {
    const deadLettersUrl = await newQueue();
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: deadLettersUrl, AttributeNames: ['QueueArn'] }),
    );
    const policy = { deadLetterTargetArn: Attributes!.QueueArn, maxReceiveCount: MAX_DELIVERIES };
    return { queueUrl: await newQueue({ RedrivePolicy: JSON.stringify(policy) }), deadLettersUrl };
  }

  workQueueContract('the SQS work queue', async () => {
    const queue = openSqsWorkQueue({ ...(await newQueues()), waitSeconds: 0, connection });
    return {
      queue,
      maxDeliveries: MAX_DELIVERIES,
      pass: (ms) => sleep(ms + 200),
      dispose: async () => queue.close(),
    };
  });

  it('names the queue and the stack where the queue is not there', async () => {
    const { queueUrl } = await newQueues();
    const queue = openSqsWorkQueue({
      queueUrl: `${queueUrl}-gone`,
      stack: 'rescrape-dev-pipeline',
      waitSeconds: 0,
      connection,
    });
    const failed = await queue.send([{ body: 'a', delayMs: 0 }]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StorageError);
    expect((failed as Error).message).toMatch(
      /^sqs:SendMessage: the queue \S+-gone of the stack rescrape-dev-pipeline is not there; deploy the stack again/,
    );
    queue.close();
  });

  it('only sends where nobody told it of the dead letters', async () => {
    const { queueUrl } = await newQueues();
    const queue = openSqsWorkQueue({ queueUrl, waitSeconds: 0, connection });
    await queue.send([{ body: 'a', delayMs: 0 }]);
    await expect(queue.depth()).rejects.toThrow(/RESCRAPE_FAILED_ITEMS_DLQ_URL/);
    queue.close();
  });
});
