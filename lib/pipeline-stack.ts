import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { MAX_DELIVERIES, MAX_WAIT_MS } from '../core/failures/retry-policy.ts';
import type { Source } from '../core/source/source.ts';
import { ENV_CONTRACTS, type FunctionName } from '../lambdas/contracts.ts';
import type { DeployedExtraction } from '../lambdas/extraction-contract.ts';
import { missingAddress } from '../lambdas/source-address.ts';
import type { ENRICHERS } from '../sources/enrichers.ts';
import { acknowledge } from './constructs/acknowledge.ts';
import { CATALOG_ACCESS } from './constructs/catalog-access.ts';
import { ExtractionAccess } from './constructs/extraction-access.ts';
import { ExtractionWorkflow } from './constructs/extraction-workflow.ts';
import { grantLake, grantTables, LAKE_ACCESS } from './constructs/lake-access.ts';
import { DeadLetterQueue, QueueWithDlq } from './constructs/queue-with-dlq.ts';
import { SourceWorkflow } from './constructs/source-workflow.ts';
import { type EnvValues, StageFunction } from './constructs/stage-function.ts';
import { type Deployment, hasSchedules, nameOf, pascalCase } from './deployment.ts';
import { FUNCTION_SIZES } from './function-sizes.ts';
import type { LakeStack } from './lake-stack.ts';
import { writeOutputs } from './pipeline-outputs.ts';

/** Their handlers have `withFetchers`. */
const ASKS_SITES: ReadonlySet<FunctionName> = new Set(['plan', 'scrape', 'retry-items']);

export interface PipelineStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly sources: readonly Source[];
  readonly enrichers: typeof ENRICHERS;
  readonly extractions: readonly DeployedExtraction[];
  readonly lake: LakeStack;
}

/**
 * What runs: functions, one state machine and one schedule a source, queues. Holds nothing that cannot be
 * made again.
 */
export class PipelineStack extends Stack {
  readonly topic: Topic;
  readonly functions: Readonly<Record<FunctionName, StageFunction>>;
  readonly failedItems: QueueWithDlq;
  /** By the kind of their records. */
  readonly enrichmentQueues: ReadonlyMap<string, QueueWithDlq>;
  readonly scheduleDlq: DeadLetterQueue;
  readonly scheduleDlqName: string;
  /** By the name of the source. */
  readonly workflows: ReadonlyMap<string, SourceWorkflow>;
  /** The sources that are scraped by themselves. */
  readonly scheduled: ReadonlySet<string>;
  /** For whoever deploys, a line each: what does not start by itself, and what to give so that it does. */
  readonly notes: readonly string[];
  /** By the name of the extraction. */
  readonly extractions: ReadonlyMap<string, ExtractionWorkflow>;

  constructor(
    scope: Construct,
    id: string,
    { deployment, sources, enrichers, extractions, lake, ...props }: PipelineStackProps,
  ) {
    super(scope, id, { ...props, description: 'Rescrape: functions, state machines, schedules, queues' });
    const { stage } = deployment;
    this.topic = this.#makeTopic(deployment);
    const { topic } = this;
    this.failedItems = new QueueWithDlq(this, 'FailedItems', {
      queueName: nameOf(stage, 'failed-items'),
      consumerTimeout: FUNCTION_SIZES['retry-items'].timeout,
      maxReceiveCount: MAX_DELIVERIES,
      // Three tries, each at most 12 hours after the one before, are over in 36 hours.
      maxAge: Duration.hours(48),
      longestWait: Duration.millis(MAX_WAIT_MS),
      stage,
      runbook: { dead: 'failed-items-dlq-not-empty', stuck: 'failed-items-stuck' },
      topic,
    });
    this.enrichmentQueues = new Map(
      enrichers.map(({ kind }) => [kind, this.#makeEnrichmentQueue(deployment, kind)]),
    );
    this.scheduleDlqName = nameOf(stage, 'schedule-dlq');
    this.scheduleDlq = new DeadLetterQueue(this, 'ScheduleDlq', {
      queueName: this.scheduleDlqName,
      runbook: 'schedule-dlq-not-empty',
      topic,
    });
    acknowledge(this.scheduleDlq, {
      'AwsSolutions-SQS3':
        'It is a dead-letter queue itself: that of the schedules, where cdk-nag does not look.',
    });

    const access = new ExtractionAccess(this, 'Extraction', { extractions, lake });
    const values: EnvValues = {
      RESCRAPE_STAGE: stage,
      RESCRAPE_BUCKET: lake.bucket.bucketName,
      RESCRAPE_TABLE: lake.table.tableName,
      RESCRAPE_DATABASE: lake.database.databaseName,
      RESCRAPE_FAILED_ITEMS_QUEUE_URL: this.failedItems.queue.queueUrl,
      RESCRAPE_FAILED_ITEMS_DLQ_URL: this.failedItems.dlq.queueUrl,
      RESCRAPE_ENRICHMENT_QUEUES: this.toJsonString(
        Object.fromEntries(
          [...this.enrichmentQueues].map(([kind, { queue, dlq }]) => [
            kind,
            { queueUrl: queue.queueUrl, deadLettersUrl: dlq.queueUrl },
          ]),
        ),
      ),
      RESCRAPE_TOPIC_ARN: topic.topicArn,
      RESCRAPE_BEDROCK_ROLE_ARN: access.bedrockRole.roleArn,
    };
    const names = Object.keys(ENV_CONTRACTS) as FunctionName[];
    this.functions = Object.fromEntries(
      names.map((name) => {
        const made = new StageFunction(this, pascalCase(name), {
          deployment,
          name,
          ...FUNCTION_SIZES[name],
          values,
          topic,
        });
        this.#grant(name, made, lake);
        this.#grantProxies(deployment, name, made);
        return [name, made];
      }),
    ) as Record<FunctionName, StageFunction>;
    this.#retryFailedItems();
    this.#enrichRecords();
    this.#publishEntities(deployment);
    access.grant(this.functions['extract-wave'].role);
    access.grantLibraries(this.functions['publish-extraction'].role);

    const missing = sources.flatMap((source) => {
      const variable = missingAddress(source, deployment.sourceOverrides ?? {});
      return variable === undefined ? [] : [{ name: source.name, variable }];
    });
    const isScraped = (source: Source) => !missing.some(({ name }) => name === source.name);
    const scheduled = hasSchedules(deployment) ? sources.filter(isScraped) : [];
    this.scheduled = new Set(scheduled.map(({ name }) => name));
    const ways = missing.map(({ name, variable }) => `${name} (-c ${variable}=ADDRESS)`);
    this.notes = [
      ...(ways.length > 0 ? [`not scraped, because nobody chose where: ${ways.join(', ')}`] : []),
      ...(hasSchedules(deployment)
        ? []
        : [`nothing starts by itself in ${stage}, because no schedule is on (-c schedules=on)`]),
    ];
    this.workflows = new Map(
      sources.map((source) => [
        source.name,
        new SourceWorkflow(this, pascalCase(source.name), {
          deployment,
          source,
          functions: this.functions,
          lake,
          scheduleDlq: this.scheduleDlq,
          isScheduled: this.scheduled.has(source.name),
        }),
      ]),
    );
    this.extractions = new Map(
      extractions.map((extraction) => [
        extraction.name,
        new ExtractionWorkflow(this, `Extract${pascalCase(extraction.name)}`, {
          deployment,
          extraction,
          functions: this.functions,
          scheduleDlq: this.scheduleDlq,
        }),
      ]),
    );
    writeOutputs(this, { lake, extractions, access });
  }

  #makeTopic({ stage, alertEmail }: Deployment): Topic {
    const topic = new Topic(this, 'Topic', { topicName: nameOf(stage, 'alerts'), enforceSSL: true });
    // A topic with a policy of its own loses the default one, which is what lets alarms publish.
    const account = { StringEquals: { 'aws:SourceAccount': this.account } };
    topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com', { conditions: account }));
    if (alertEmail !== undefined) topic.addSubscription(new EmailSubscription(alertEmail));
    return topic;
  }

  /** A function may use what its contract names, and of the lake what `LAKE_ACCESS` says. */
  #grant(name: FunctionName, { role: grantee }: StageFunction, lake: LakeStack): void {
    const contract = ENV_CONTRACTS[name]().shape;
    grantLake(grantee, lake, LAKE_ACCESS[name]);
    // A transaction is allowed action by action; only `rescrape reset` scans.
    lake.table.grant(
      grantee,
      'dynamodb:GetItem',
      'dynamodb:BatchGetItem',
      'dynamodb:Query',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
      'dynamodb:ConditionCheckItem',
    );
    if ('RESCRAPE_FAILED_ITEMS_QUEUE_URL' in contract) this.failedItems.queue.grantSendMessages(grantee);
    if ('RESCRAPE_FAILED_ITEMS_DLQ_URL' in contract) this.failedItems.dlq.grantSendMessages(grantee);
    if ('RESCRAPE_ENRICHMENT_QUEUES' in contract)
      for (const { queue, dlq } of this.enrichmentQueues.values()) {
        queue.grantSendMessages(grantee);
        dlq.grantSendMessages(grantee);
      }
    if ('RESCRAPE_TOPIC_ARN' in contract) this.topic.grantPublish(grantee);
    const catalogActions = [...new Set(CATALOG_ACCESS[name])];
    if (catalogActions.length > 0) grantTables(grantee, lake, catalogActions);
  }

  /** Whoever asks a site may read the proxies that its requests go through. */
  #grantProxies({ sourceOverrides = {} }: Deployment, name: FunctionName, { role }: StageFunction): void {
    if (!ASKS_SITES.has(name)) return;
    for (const [variable, arn] of Object.entries(sourceOverrides))
      if (variable.endsWith('_PROXIES_SECRET'))
        Secret.fromSecretCompleteArn(this, `${pascalCase(name)}-${variable}`, arn).grantRead(role);
  }

  #retryFailedItems(): void {
    this.functions['retry-items'].function.addEventSource(
      new SqsEventSource(this.failedItems.queue, {
        // Two are the least that AWS takes. They share the rate limiter with each other and with the scrape,
        // through the table, so the source is asked no faster.
        maxConcurrency: 2,
        batchSize: 10,
        reportBatchItemFailures: true,
      }),
    );
  }

  /** The function `enrich-records` tells the kind of a batch from the end of this name. */
  #makeEnrichmentQueue({ stage }: Deployment, kind: string): QueueWithDlq {
    return new QueueWithDlq(this, `Enrich${pascalCase(kind)}`, {
      queueName: nameOf(stage, `enrich-${kind}`),
      consumerTimeout: FUNCTION_SIZES['enrich-records'].timeout,
      maxReceiveCount: MAX_DELIVERIES,
      maxAge: Duration.hours(1),
      // What is not stored comes again when it is no longer hidden, six times the time-out later.
      longestWait: Duration.seconds(6 * FUNCTION_SIZES['enrich-records'].timeout.toSeconds()),
      stage,
      runbook: { dead: 'enrichment-dlq-not-empty', stuck: 'enrichment-stuck' },
      topic: this.topic,
    });
  }

  #enrichRecords(): void {
    for (const { queue } of this.enrichmentQueues.values())
      this.functions['enrich-records'].function.addEventSource(
        new SqsEventSource(queue, { batchSize: 10, maxConcurrency: 2, reportBatchItemFailures: true }),
      );
  }

  /** Where nothing changed it asks for four lists and two documents. */
  #publishEntities(deployment: Deployment): void {
    const { function: publishes } = this.functions['publish-entities'];
    const role = new Role(this, 'PublishEntitiesScheduler', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
    });
    const invoke = { actions: ['lambda:InvokeFunction'], resourceArns: [publishes.functionArn] };
    Grant.addToPrincipal({ grantee: role, ...invoke });
    this.scheduleDlq.grantSendMessages(role);
    new Schedule(this, 'PublishEntitiesSchedule', {
      scheduleName: nameOf(deployment.stage, 'publish-entities'),
      enabled: hasSchedules(deployment),
      description: 'Publishes the entities that changed, every 15 minutes',
      schedule: ScheduleExpression.rate(Duration.minutes(15)),
      target: new LambdaInvoke(publishes, {
        // Left to itself it would be granted every version and alias as well.
        role: role.withoutPolicyUpdates(),
        input: ScheduleTargetInput.fromObject({
          scheduledTime: ContextAttribute.scheduledTime,
          executionName: ContextAttribute.executionId,
        }),
        // The next one does all that this one would have done.
        retryAttempts: 0,
        deadLetterQueue: this.scheduleDlq,
      }),
    });
  }
}
