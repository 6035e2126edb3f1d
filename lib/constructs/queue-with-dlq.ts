import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { NAMESPACE, type QueueMetric } from '../../lambdas/metrics.ts';
import type { Stage } from '../deployment.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

/** The longest that SQS keeps a message: a dead letter waits for a person, who may be on holiday. */
const RETENTION = Duration.days(14);

export interface DeadLetterQueueProps {
  readonly queueName: string;
  readonly topic: ITopic;
  /** Anchor of the runbook's heading about dead letters in this queue. */
  readonly runbook: string;
}

/** A queue that nobody reads by itself: an alarm says so as soon as something is in it. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string, { queueName, topic, runbook }: DeadLetterQueueProps) {
    super(scope, id, {
      queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
    });
    new RunbookAlarm(this, 'NotEmpty', {
      alarmName: `${queueName}-not-empty`,
      summary: `There are dead letters in ${queueName}.`,
      runbook,
      topic,
      metric: this.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: Stats.MAXIMUM,
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      // SQS stops sending metrics of a queue that nobody has touched for six hours.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

export interface QueueWithDlqProps {
  readonly queueName: string;
  /**
   * Time-out of the function that works the queue. Six of them is what AWS asks for: a throttled batch is
   * tried again in between.
   */
  readonly consumerTimeout: Duration;
  /** Deliveries before a message is a dead letter. */
  readonly maxReceiveCount: number;
  /** The oldest message may be as old as this before somebody is told. */
  readonly maxAge: Duration;
  /** The longest that a message is hidden between two deliveries. */
  readonly longestWait: Duration;
  readonly stage: Stage;
  readonly topic: ITopic;
  readonly runbook: { readonly dead: string; readonly stuck: string };
}

/** A work queue, the dead letters behind it, and alarms on both. Encrypted; TLS only. */
export class QueueWithDlq extends Construct {
  readonly queue: Queue;
  readonly dlq: DeadLetterQueue;
  /** Other stacks know the queues by these. */
  readonly name: string;
  readonly dlqName: string;

  constructor(scope: Construct, id: string, props: QueueWithDlqProps) {
    super(scope, id);
    const { queueName, topic } = props;
    this.name = queueName;
    this.dlqName = `${queueName}-dlq`;
    this.dlq = new DeadLetterQueue(this, 'Dlq', {
      queueName: this.dlqName,
      topic,
      runbook: props.runbook.dead,
    });
    this.queue = new Queue(this, 'Queue', {
      queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      visibilityTimeout: Duration.seconds(6 * props.consumerTimeout.toSeconds()),
      deadLetterQueue: { queue: this.dlq, maxReceiveCount: props.maxReceiveCount },
    });
    new RunbookAlarm(this, 'Stuck', {
      alarmName: `${queueName}-stuck`,
      summary: `The oldest message in ${queueName} is older than ${props.maxAge.toHours()} hours.`,
      runbook: props.runbook.stuck,
      topic,
      metric: this.queue.metricApproximateAgeOfOldestMessage({
        period: Duration.minutes(15),
        statistic: Stats.MAXIMUM,
      }),
      threshold: props.maxAge.toSeconds(),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    // SQS counts no message there that was received more than three times: the function that works the queue
    // tells how old it is whenever it is delivered.
    const oldest: QueueMetric = 'OldestMessage';
    new RunbookAlarm(this, 'Redelivered', {
      alarmName: `${queueName}-stuck-redelivered`,
      summary: `A message in ${queueName} is delivered again and again, and older than ${props.maxAge.toHours()} hours.`,
      runbook: props.runbook.stuck,
      topic,
      metric: new Metric({
        namespace: NAMESPACE,
        metricName: oldest,
        dimensionsMap: { stage: props.stage, queue: queueName },
        period: Duration.hours(1),
        statistic: Stats.MAXIMUM,
      }),
      threshold: props.maxAge.toSeconds(),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      // It stays on for as long as the message may be hidden before it comes again.
      evaluationPeriods: 1 + Math.ceil(props.longestWait.toHours({ integral: false })),
      datapointsToAlarm: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
