import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import { StorageError } from '../../core/ports/storage-error.ts';
import { extractionResourcesOf, readStackOutputs, stateMachineOf } from '../../runtime/stack-outputs.ts';

const cloudFormation = mockClient(CloudFormationClient);
afterEach(() => cloudFormation.reset());

const STACK = 'rescrape-dev-pipeline';
const OUTPUTS: Readonly<Record<string, string>> = {
  Bucket: 'lake',
  Table: 'state',
  Database: 'rescrape',
  WorkGroup: 'rescrape-dev',
  FailedItemsQueueUrl: 'https://sqs/q',
  FailedItemsDlqUrl: 'https://sqs/dlq',
  EnrichQueueUrlTutor: 'https://sqs/enrich-tutor',
  EnrichDlqUrlTutor: 'https://sqs/enrich-tutor-dlq',
  EnrichQueueUrlExamResult: 'https://sqs/enrich-exam-result',
  EnrichDlqUrlExamResult: 'https://sqs/enrich-exam-result-dlq',
  TopicArn: 'arn:aws:sns:::t',
  StateMachineArnRacing: 'arn:racing',
  StateMachineArnBellSchedules: 'arn:bells',
  ExtractionArnOldBooks: 'arn:books',
  ExtractionSettingsOldBooks: '{"RESCRAPE_OLD_BOOKS_BATCH_SIZE":"7"}',
  BedrockRoleArn: 'arn:role',
};

function deployed(outputs: Readonly<Record<string, string>>): void {
  cloudFormation.on(DescribeStacksCommand, { StackName: STACK }).resolves({
    Stacks: [
      {
        StackName: STACK,
        CreationTime: new Date(0),
        StackStatus: 'CREATE_COMPLETE',
        Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
      },
    ],
  });
}

const refused = (stack = STACK) => readStackOutputs(stack).catch((error: unknown) => error);

describe('what a stack has deployed', () => {
  it('is found through its outputs', async () => {
    deployed(OUTPUTS);
    const resources = await readStackOutputs(STACK);
    expect(resources).toMatchObject({
      stack: STACK,
      bucket: 'lake',
      table: 'state',
      database: 'rescrape',
      workGroup: 'rescrape-dev',
      failedItems: { queueUrl: 'https://sqs/q', deadLettersUrl: 'https://sqs/dlq' },
      topicArn: 'arn:aws:sns:::t',
      bedrockRoleArn: 'arn:role',
    });
    expect(extractionResourcesOf(resources, 'old-books')).toEqual({
      stateMachine: 'arn:books',
      settings: { RESCRAPE_OLD_BOOKS_BATCH_SIZE: '7' },
    });
    expect(() => extractionResourcesOf(resources, 'maps')).toThrow(/does not run maps: deploy it again/);
    expect([...resources.enrichmentQueues]).toEqual([
      ['tutor', { queueUrl: 'https://sqs/enrich-tutor', deadLettersUrl: 'https://sqs/enrich-tutor-dlq' }],
      [
        'exam-result',
        { queueUrl: 'https://sqs/enrich-exam-result', deadLettersUrl: 'https://sqs/enrich-exam-result-dlq' },
      ],
    ]);
    expect(stateMachineOf(resources, 'racing')).toBe('arn:racing');
    expect(stateMachineOf(resources, 'bell-schedules')).toBe('arn:bells');
    expect(() => stateMachineOf(resources, 'kitchens')).toThrow(
      /rescrape-dev-pipeline does not run kitchens/,
    );
  });

  it('has no extraction whose settings an older version did not tell: one is to deploy again', async () => {
    const { ExtractionSettingsOldBooks: _, BedrockRoleArn: __, ...older } = OUTPUTS;
    deployed(older);
    const resources = await readStackOutputs(STACK);
    expect(resources.bedrockRoleArn).toBeUndefined();
    expect(() => extractionResourcesOf(resources, 'old-books')).toThrow(/deploy it again/);
  });

  it.each(
    Object.keys(OUTPUTS).filter((name) => !/^(StateMachine|EnrichQueue|Extraction|BedrockRole)/.test(name)),
  )('is no pipeline of ours where there is no output %s: one line that names the stack', async (name) => {
    const { [name]: _, ...others } = OUTPUTS;
    deployed(others);
    expect(await refused()).toMatchObject({
      name: 'StorageError',
      message: expect.stringMatching(
        new RegExp(`^the stack ${STACK} has no output ${name}: give the name of a pipeline stack[^\n]*$`),
      ),
    });
  });

  it('is one line that names the stack where there is no such stack', async () => {
    const error = Object.assign(new Error('Stack with id nope does not exist'), {
      name: 'ValidationError',
      $metadata: { httpStatusCode: 400 },
    });
    cloudFormation.on(DescribeStacksCommand).rejects(error);
    const failed = await refused('nope');
    expect(failed).toBeInstanceOf(StorageError);
    expect((failed as Error).message).toMatch(/^there is no stack nope in this account and region[^\n]*$/);
  });

  it('is one line that names the permission where it may not be asked for', async () => {
    const error = Object.assign(new Error('User is not authorized'), {
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    });
    cloudFormation.on(DescribeStacksCommand).rejects(error);
    expect(await refused()).toMatchObject({
      name: 'StorageError',
      message: expect.stringMatching(/^cloudformation:DescribeStacks rescrape-dev-pipeline: access denied/),
    });
  });
});
