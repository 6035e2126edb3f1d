import { randomUUID } from 'node:crypto';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { openSnsNotifier } from '../../../adapters/aws/sns-notifier.ts';
import { notifierContract } from '../../contracts/notifier.contract.ts';
import { startEmulator } from '../../emulator/emulator.ts';

const emulator = await startEmulator();
afterAll(() => emulator?.stop());

describe.skipIf(!emulator)('on an emulated SNS', () => {
  if (!emulator) return;
  const { connection } = emulator;
  const topics = new SNSClient(connection);
  const queues = new SQSClient(connection);
  afterAll(() => {
    topics.destroy();
    queues.destroy();
  });

  /** A queue that listens to a topic. */
  async function listener(): Promise<{ topicArn: string; queue: string }> {
    const name = `reports-${randomUUID()}`;
    const { TopicArn: topicArn = '' } = await topics.send(new CreateTopicCommand({ Name: name }));
    const { QueueUrl: queue = '' } = await queues.send(new CreateQueueCommand({ QueueName: name }));
    const { Attributes } = await queues.send(
      new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['QueueArn'] }),
    );
    await topics.send(
      new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }),
    );
    return { topicArn, queue };
  }

  notifierContract('the SNS notifier', async () => {
    const { topicArn, queue } = await listener();
    const notifier = openSnsNotifier({ topicArn, connection });
    return {
      open: async () => notifier,
      async received() {
        const { Messages = [] } = await queues.send(
          new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }),
        );
        for (const { ReceiptHandle } of Messages) {
          await queues.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
        }
        return Messages.map(({ Body = '{}' }) => {
          const { Subject: subject, Message: text } = JSON.parse(Body);
          return { subject, text };
        });
      },
      dispose: async () => notifier.close(),
    };
  });

  it('names the topic that is not there', async () => {
    const topicArn = 'arn:aws:sns:eu-west-1:000000000000:nothing';
    const notifier = openSnsNotifier({ topicArn, connection });
    await expect(notifier.notify({ subject: 's', text: 'x' })).rejects.toThrow(
      /^sns:Publish arn:aws:sns:eu-west-1:000000000000:nothing: it is not there; .*deploy the stack/,
    );
    notifier.close();
  });
});
