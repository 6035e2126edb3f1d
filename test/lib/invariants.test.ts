import { type Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { ENV_CONTRACTS, type FunctionName } from '../../lambdas/contracts.ts';
import { environmentOf } from '../../lib/constructs/stage-function.ts';
import { variablesOf } from '../../runtime/setting-names.ts';
import { ENRICHERS } from '../../sources/enrichers.ts';
import { sources } from '../../sources/index.ts';
import { nameOf, type Resource, references, Synthesized } from './synthesized.ts';

const prod = new Synthesized({ stage: 'prod' });
const functionNames = Object.keys(ENV_CONTRACTS) as FunctionName[];
const alarms = prod.all('AWS::CloudWatch::Alarm');
/** Ids by what an alarm's dimensions refer to, whichever stack the alarm stands in. */
const watched = (id: string) => alarms.filter((alarm) => references(alarm.Properties.Dimensions, id));

describe('every queue', () => {
  const queues = prod.all('AWS::SQS::Queue');
  const deadLetterTargets = queues.flatMap(
    ({ Properties }) => Properties.RedrivePolicy?.deadLetterTargetArn ?? [],
  );
  const schedules = prod.all('AWS::Scheduler::Schedule');
  const isDlq = ({ id }: Resource) =>
    deadLetterTargets.some((target) => references(target, id)) ||
    schedules.some(({ Properties }) => references(Properties.Target.DeadLetterConfig, id));

  it('has a dead-letter queue, unless it is one', () => {
    expect(queues.length).toBeGreaterThanOrEqual(3);
    const without = queues.filter((queue) => !isDlq(queue) && !queue.Properties.RedrivePolicy);
    expect(without.map(nameOf)).toEqual([]);
  });

  it('has an alarm', () => {
    expect(queues.filter(({ id }) => watched(id).length === 0).map(nameOf)).toEqual([]);
  });

  it('of a kind of records has an alarm on the age of its oldest message, and one on its dead letters', () => {
    for (const { kind } of ENRICHERS) {
      const name = `rescrape-prod-enrich-${kind}`;
      const of = (suffix: string) => alarms.find((alarm) => nameOf(alarm) === `${name}${suffix}`)?.Properties;
      const queueOf = (alarm: Record<string, unknown>) =>
        queues.find(({ id }) => references(alarm.Dimensions, id))!;
      expect(of('-stuck')).toMatchObject({ MetricName: 'ApproximateAgeOfOldestMessage', Threshold: 3600 });
      expect(nameOf(queueOf(of('-stuck')!))).toBe(name);
      expect(of('-dlq-not-empty')).toMatchObject({
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Threshold: 1,
      });
      expect(nameOf(queueOf(of('-dlq-not-empty')!))).toBe(`${name}-dlq`);
    }
  });

  it('that a function works has an alarm that sees messages which were received more than three times', () => {
    const worked = queues.filter(({ Properties }) => Properties.RedrivePolicy);
    expect(worked).toHaveLength(1 + ENRICHERS.length);
    for (const queue of worked) {
      const name = nameOf(queue);
      const [ofSqs, ours] = [`${name}-stuck`, `${name}-stuck-redelivered`].map(
        (wanted) => alarms.find((alarm) => nameOf(alarm) === wanted)!.Properties,
      );
      // SQS leaves such messages out of its own metric.
      expect(ours).toMatchObject({
        ...{ Namespace: 'Rescrape', MetricName: 'OldestMessage', Statistic: 'Maximum' },
        ...{ Threshold: ofSqs.Threshold, DatapointsToAlarm: 1, TreatMissingData: 'notBreaching' },
        Dimensions: [
          { Name: 'queue', Value: name },
          { Name: 'stage', Value: 'prod' },
        ],
      });
      // It does not end while the message is hidden: for 12 hours at most, or its time-out.
      const seconds = ours.Period * (ours.EvaluationPeriods - 1);
      const isOfItems = name === 'rescrape-prod-failed-items';
      expect(seconds).toBeGreaterThanOrEqual(isOfItems ? 12 * 3600 : queue.Properties.VisibilityTimeout);
    }
  });

  it('is encrypted and refuses what does not come over TLS', () => {
    for (const queue of queues) {
      expect(queue.Properties.SqsManagedSseEnabled, nameOf(queue)).toBe(true);
      const policies = prod
        .all('AWS::SQS::QueuePolicy')
        .filter(({ Properties }) => references(Properties.Queues, queue.id));
      expect(JSON.stringify(policies), nameOf(queue)).toContain('"aws:SecureTransport":"false"');
    }
  });

  it('hides a message for six times as long as its function may take', () => {
    const mappings = prod.all('AWS::Lambda::EventSourceMapping');
    // Failed items, and a queue for each kind of record.
    expect(mappings).toHaveLength(1 + ENRICHERS.length);
    for (const { Properties } of mappings) {
      const queue = queues.find(({ id }) => references(Properties.EventSourceArn, id))!;
      const worker = prod
        .all('AWS::Lambda::Function')
        .find(({ id }) => references(Properties.FunctionName, id))!;
      expect(queue.Properties.VisibilityTimeout).toBe(6 * worker.Properties.Timeout);
      expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    }
  });
});

describe('every function', () => {
  const functions = prod.all('AWS::Lambda::Function');

  it('is one of the contracts, and every contract has one', () => {
    const names = functions.map(nameOf).sort();
    expect(names).toEqual(functionNames.map((name) => `rescrape-prod-${name}`).sort());
  });

  it('is given the variables of its contract and no others', () => {
    for (const name of functionNames) {
      const made = functions.find((resource) => nameOf(resource) === `rescrape-prod-${name}`)!;
      const given = Object.keys(made.Properties.Environment.Variables).sort();
      expect(given, name).toEqual(Object.keys(ENV_CONTRACTS[name]().shape).sort());
    }
  });

  it('runs on Node 24 and ARM, is traced, and logs as JSON into a group of its own that ends', () => {
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'INFO' },
      });
      const group = prod
        .all('AWS::Logs::LogGroup')
        .find(({ id }) => references(Properties.LoggingConfig.LogGroup, id));
      expect(group?.Properties.RetentionInDays).toBeGreaterThan(0);
    }
  });

  it('has an alarm for when it dies', () => {
    for (const name of functionNames) {
      const alarm = alarms.find((resource) => nameOf(resource) === `rescrape-prod-${name}-died`);
      const filter = prod
        .all('AWS::Logs::MetricFilter')
        .find(
          ({ Properties }) => Properties.MetricTransformations[0].MetricName === alarm?.Properties.MetricName,
        );
      expect(filter?.Properties.FilterPattern, name).toContain('$.record.status = "timeout"');
    }
  });

  it('gets the overrides of a source, where somebody who deploys gives them', () => {
    const override = { RESCRAPE_RACING_URL: 'http://127.0.0.1:8080/' };
    const made = new Synthesized({ stage: 'dev', sourceOverrides: override });
    for (const { Properties } of made.all('AWS::Lambda::Function'))
      expect(Properties.Environment.Variables).toMatchObject(override);
  });
});

describe('a setting of one source alone', () => {
  it('is given as context like any other, and reaches every function', () => {
    const own = { RESCRAPE_MENUS_HASH_FILTERED_PRODUCTS: 'a'.repeat(64), RESCRAPE_MENUS_JANE_APP_ID: 'APP' };
    expect(variablesOf(sources)).toEqual(expect.arrayContaining(Object.keys(own)));
    const made = new Synthesized({ stage: 'dev', sourceOverrides: own });
    for (const { Properties } of made.all('AWS::Lambda::Function'))
      expect(Properties.Environment.Variables).toMatchObject(own);
  });
});

describe('proxies', () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:proxies-AbCdEf';

  it('are read from their secret by the functions that ask sites, and by no other', () => {
    const made = new Synthesized({
      stage: 'prod',
      sourceOverrides: { RESCRAPE_RACING_PROXIES_SECRET: arn },
    });
    const readers = made
      .all('AWS::IAM::Policy')
      .filter(({ Properties }) => JSON.stringify(Properties.PolicyDocument).includes(arn))
      .map(({ id, Properties }) => {
        const statement = Properties.PolicyDocument.Statement.find(
          ({ Resource }: { Resource: unknown }) => Resource === arn,
        );
        expect(statement.Action).toContain('secretsmanager:GetSecretValue');
        return id.replace(/Role.*$/, '');
      });
    expect(readers.sort()).toEqual(['Plan', 'RetryItems', 'Scrape']);
  });

  it('never stand in a template themselves', () => {
    const sourceOverrides = { RESCRAPE_RACING_PROXIES: 'http://ann:hunter2@proxy.example' };
    expect(() => new Synthesized({ stage: 'prod', sourceOverrides })).toThrow(
      /^RESCRAPE_RACING_PROXIES would stand in the template, .* give RESCRAPE_RACING_PROXIES_SECRET, an ARN$/,
    );
  });
});

describe('an environment', () => {
  const values = {
    RESCRAPE_STAGE: 'prod',
    RESCRAPE_BUCKET: 'bucket',
    RESCRAPE_TABLE: 'table',
  };

  it('is not made without a value for each variable of the contract', () => {
    expect(() => environmentOf('publish', values)).toThrow(
      'function publish: no value for RESCRAPE_DATABASE',
    );
  });

  it('is not made with a value that its reader would refuse', () => {
    expect(() => environmentOf('summarize', { ...values, RESCRAPE_STAGE: 'production' })).toThrow(
      'function summarize: "production" is no RESCRAPE_STAGE',
    );
  });
});

describe('permissions', () => {
  const statements = prod.resources.flatMap(({ id, Properties }) =>
    [Properties?.PolicyDocument, Properties?.AssumeRolePolicyDocument].flatMap((document) =>
      // biome-ignore lint/suspicious/noExplicitAny: see Resource
      (document?.Statement ?? []).map((statement: any) => ({ id, statement })),
    ),
  );

  it('name every action: none has a wildcard', () => {
    expect(statements.length).toBeGreaterThan(20);
    const wild = statements.filter(
      ({ statement }) =>
        statement.Effect === 'Allow' && [statement.Action].flat().some((action) => action.includes('*')),
    );
    expect(wild).toEqual([]);
  });

  it('are given to nobody unnamed', () => {
    const open = statements.filter(
      ({ statement }) =>
        statement.Effect === 'Allow' && (statement.Principal === '*' || statement.Principal?.AWS === '*'),
    );
    expect(open).toEqual([]);
  });

  it('come from no policy that AWS or somebody else may change', () => {
    expect(
      prod.all('AWS::IAM::Role').flatMap(({ Properties }) => Properties.ManagedPolicyArns ?? []),
    ).toEqual([]);
  });

  it('are what the functions of enrichment do, and those of the catalog, and no more', () => {
    const actionsOf = (name: string, service: string) => {
      const own = prod.all('AWS::IAM::Policy').filter(({ id }) => id.startsWith(`${name}Role`));
      expect(own.length, name).toBeGreaterThan(0);
      const allowed = own.flatMap(({ Properties }) =>
        Properties.PolicyDocument.Statement.flatMap(({ Action }: { Action: unknown }) => Action),
      );
      return [...new Set(allowed as string[])].filter((action) => action.startsWith(`${service}:`)).sort();
    };
    const changes = ['ConditionCheckItem', 'DeleteItem', 'PutItem', 'UpdateItem'];
    const transactions = [...changes, 'BatchGetItem', 'GetItem', 'Query'].sort();
    for (const name of ['EnrichRecords', 'PublishEntities'])
      expect(actionsOf(name, 'dynamodb')).toEqual(transactions.map((action) => `dynamodb:${action}`));
    expect(actionsOf('EnrichRecords', 's3')).toEqual([]);
    expect(actionsOf('EnrichRecords', 'glue')).toEqual([]);
    expect(actionsOf('EnrichRecords', 'sqs')).toContain('sqs:DeleteMessage');
    expect(actionsOf('PublishEntities', 'sqs')).toEqual([
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:SendMessage',
    ]);
    expect(actionsOf('PublishEntities', 's3')).toEqual(['s3:GetObject', 's3:ListBucket', 's3:PutObject']);
    const register = ['CreatePartition', 'GetTable'];
    const align = [...register, 'BatchUpdatePartition', 'GetPartitions', 'UpdatePartition'];
    const glue = (actions: readonly string[]) => actions.map((action) => `glue:${action}`).sort();
    expect(actionsOf('PublishEntities', 'glue')).toEqual(glue(align));
    expect(actionsOf('Summarize', 'glue')).toEqual(glue(align));
    for (const name of ['Publish', 'RetryItems']) expect(actionsOf(name, 'glue')).toEqual(glue(register));
  });

  it('let plan ask how executions ended, of every source, and nobody redrive one', () => {
    const allowed = (action: string) =>
      statements.filter(({ statement }) => [statement.Action].flat().includes(action));
    expect(allowed('states:RedriveExecution')).toEqual([]);
    const plan = prod.all('AWS::IAM::Policy').find(({ id }) => /^PlanRole/.test(id))!;
    const described = (plan.Properties.PolicyDocument.Statement as { Action: unknown; Resource: unknown }[])
      .filter(({ Action }) => Action === 'states:DescribeExecution')
      .flatMap(({ Resource }) => Resource);
    for (const { name } of sources)
      expect(JSON.stringify(described)).toContain(`:execution:rescrape-prod-${name}:*`);
  });
});

describe('cdk-nag', () => {
  it('stops a synth where something is wrong', () => {
    const spoil = () => new Synthesized({ stage: 'dev' }, ({ watch }) => void new Bucket(watch, 'Open'));
    expect(spoil).toThrow('AwsSolutions-S1');
  });

  it('is answered one finding at a time: no rule is switched off as a whole but where nothing can be named', () => {
    const constructs = Object.values<Stack>({ ...prod.stacks }).flatMap((stack) => stack.node.findAll());
    const acknowledged = constructs.flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.entries(data as Record<string, string>)),
    );
    expect(acknowledged.length).toBeGreaterThan(10);
    for (const [id, reason] of acknowledged) {
      expect(reason.length, id).toBeGreaterThan(40);
      if (id.includes('IAM5')) expect(id).toMatch(/\[Resource::.+\]$/);
    }
  });
});
