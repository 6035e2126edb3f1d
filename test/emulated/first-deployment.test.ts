import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { GetTablesCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator } from '../emulator/emulator.ts';
import { type Resource, Synthesized } from '../lib/synthesized.ts';

const TEMPLATES = 'templates';
const NAME = 'rescrape-prod-lake';
const BROKEN = 'Broken';

const emulator = await startEmulator();

describe.skipIf(!emulator)('the first deployment of the lake in prod', () => {
  if (!emulator) return;
  const cloudFormation = new CloudFormationClient(emulator.connection);
  const glue = new GlueClient(emulator.connection);
  const s3 = new S3Client({ ...emulator.connection, forcePathStyle: true });
  beforeAll(() => s3.send(new CreateBucketCommand({ Bucket: TEMPLATES })));
  afterAll(async () => {
    s3.destroy();
    cloudFormation.destroy();
    glue.destroy();
    await emulator.stop();
  });

  /** The template as it is synthesized. `breaks`: with a resource that cannot be made, when most is there. */
  function templateOf(breaks: boolean): string {
    const own = new Synthesized({ stage: 'prod' }).resources.filter(({ stack }) => stack === 'lake');
    const isLast = ({ Type }: Resource) => Type === 'AWS::DynamoDB::GlobalTable';
    const before = own.filter((resource) => !isLast(resource)).map(({ id }) => id);
    const Resources = Object.fromEntries<object>(own.map(({ stack, id, ...resource }) => [id, resource]));
    if (breaks) {
      Resources[BROKEN] = {
        Type: 'AWS::Glue::Database',
        // Of the name that another one has already.
        Properties: own.find(({ Type }) => Type === 'AWS::Glue::Database')!.Properties,
        DependsOn: before,
      };
      // As it waits for every resource of the stack (test/lib/redeploy.test.ts).
      const { id, DependsOn = [] } = own.find(isLast)!;
      Resources[id] = { ...Resources[id], DependsOn: [...DependsOn, BROKEN] };
    }
    return JSON.stringify({ Resources });
  }

  /** Status of the stack when nothing happens to it any more; undefined where there is none. */
  async function ended(): Promise<string | undefined> {
    for (;;) {
      const found = await cloudFormation
        .send(new DescribeStacksCommand({ StackName: NAME }))
        .catch(() => undefined);
      const status = found?.Stacks?.[0]?.StackStatus;
      if (status === undefined || !status.endsWith('_IN_PROGRESS')) return status;
      await sleep(100);
    }
  }

  /** As the CDK does: by way of S3, because the template is longer than a request may be. */
  async function create(template: string): Promise<void> {
    await s3.send(new PutObjectCommand({ Bucket: TEMPLATES, Key: NAME, Body: template }));
    const TemplateURL = `${emulator!.endpoint}/${TEMPLATES}/${NAME}`;
    await cloudFormation.send(
      new CreateStackCommand({ StackName: NAME, TemplateURL, EnableTerminationProtection: true }),
    );
  }
  const tables = async () => {
    const { TableList = [] } = await glue.send(new GetTablesCommand({ DatabaseName: 'rescrape_prod' }));
    return TableList.map(({ Name }) => Name);
  };
  const remove = () => cloudFormation.send(new DeleteStackCommand({ StackName: NAME }));

  it('fails, leaves nothing behind, and succeeds when it is repeated', async () => {
    await create(templateOf(true));
    expect(await ended()).toBe('ROLLBACK_COMPLETE');
    expect(await tables()).toEqual([]);
    // The CDK has protected the stack before it made anything: docs/deploy.md says how to take that back.
    await expect(remove()).rejects.toThrow(/TerminationProtection/);
    await cloudFormation.send(
      new UpdateTerminationProtectionCommand({ StackName: NAME, EnableTerminationProtection: false }),
    );
    await remove();
    await ended();

    await create(templateOf(false));
    const status = await ended();
    const { StackEvents = [] } = await cloudFormation.send(
      new DescribeStackEventsCommand({ StackName: NAME }),
    );
    const failed = StackEvents.filter(({ ResourceStatus }) => ResourceStatus?.endsWith('_FAILED'));
    expect(
      failed.map(({ LogicalResourceId, ResourceStatusReason }) => [LogicalResourceId, ResourceStatusReason]),
    ).toEqual([]);
    expect(status).toBe('CREATE_COMPLETE');
    expect(await tables()).toContain('racing_results');
  });
});
