import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { EveryCadence, Source } from '../core/source/source.ts';
import { type EnrichmentMetric, NAMESPACE, type TargetMetric } from '../lambdas/metrics.ts';
import { ExtractionAlarms, extractionMetric } from './constructs/extraction-alarms.ts';
import { functionNamed, messagesIn, stateMachineNamed } from './constructs/named.ts';
import { RunbookAlarm } from './constructs/runbook-alarm.ts';
import { type Deployment, hasSchedules, nameOf, pascalCase } from './deployment.ts';
import type { PipelineStack } from './pipeline-stack.ts';

/**
 * A daily run, and two hours for it to end. Counted in hours, because CloudWatch's days begin at midnight
 * UTC.
 */
const HOURS_WITHOUT_A_RUN = 26;

/** Periods of a source in which nothing was crawled. */
const PERIODS_WITHOUT_A_CRAWL = 3;
/** A parent that comes a day later comes late; a publication is due every 15 minutes. */
const PARKED_TOO_LONG = Duration.hours(24);
const HOURS_WITHOUT_A_PUBLICATION = 2;
/** CloudWatch looks back a week at most. */
const MOST_HOURS = 7 * 24;

export interface WatchStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly sources: readonly Source[];
  readonly pipeline: PipelineStack;
}

/**
 * Alarms on whole runs, and the dashboard. That nothing has run is an alarm only where a schedule starts it.
 * The alarms of queues and functions stand with them (`constructs/`); the topic stands in the pipeline stack,
 * because the report goes there too.
 */
export class WatchStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, sources, pipeline, ...props }: WatchStackProps) {
    super(scope, id, { ...props, description: 'Rescrape: alarms on runs, dashboard' });
    const { topic } = pipeline;
    const machines = new Map(
      [...pipeline.workflows].map(([source, { name }]) => [source, stateMachineNamed(this, name)]),
    );
    for (const [source, stateMachine] of machines) {
      const name = nameOf(deployment.stage, source);
      new RunbookAlarm(this, `${pascalCase(source)}Failed`, {
        alarmName: `${name}-execution-failed`,
        summary: `A run of ${source} failed as a whole.`,
        runbook: 'execution-failed',
        topic,
        metric: stateMachine.metricFailed({ period: Duration.minutes(5) }),
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      if (!pipeline.scheduled.has(source)) continue;
      new RunbookAlarm(this, `${pascalCase(source)}NoRun`, {
        alarmName: `${name}-no-run`,
        summary: `No run of ${source} has ended well for ${HOURS_WITHOUT_A_RUN} hours.`,
        runbook: 'no-run',
        topic,
        metric: stateMachine.metricSucceeded({ period: Duration.hours(1) }),
        threshold: 1,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: HOURS_WITHOUT_A_RUN,
        // Step Functions sends no zeros: an hour without a word is an hour without a run.
        treatMissingData: TreatMissingData.BREACHING,
      });
    }
    for (const { name, cadence } of sources)
      if (cadence.kind === 'every') this.#watchTargets(deployment, name, cadence, pipeline);
    this.#watchEnrichment(deployment, pipeline);
    for (const [extraction, { name }] of pipeline.extractions)
      new ExtractionAlarms(this, `Extract${pascalCase(extraction)}`, {
        deployment,
        extraction,
        stateMachine: stateMachineNamed(this, name),
        topic,
      });
    this.#drawDashboard(deployment, pipeline, sources, machines);
  }

  #watchTargets(
    { stage }: Deployment,
    source: string,
    { minutes }: EveryCadence,
    { topic, scheduled }: PipelineStack,
  ): void {
    const name = nameOf(stage, source);
    new RunbookAlarm(this, `${pascalCase(source)}TargetsFailed`, {
      alarmName: `${name}-targets-failed`,
      summary: `Targets of ${source} failed so often that they are no longer crawled.`,
      runbook: 'targets-failed',
      topic,
      metric: targetMetric('TargetsFailed', stage, source, Duration.minutes(5)),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (!scheduled.has(source)) return;
    const hours = Math.ceil((PERIODS_WITHOUT_A_CRAWL * minutes) / 60);
    // Longer than CloudWatch looks back, a time without a crawl is only odd where something was due.
    const isLong = hours > MOST_HOURS;
    const span = isLong ? MOST_HOURS : hours;
    new RunbookAlarm(this, `${pascalCase(source)}NothingCrawled`, {
      alarmName: `${name}-nothing-crawled`,
      summary: isLong
        ? `No target of ${source} was crawled for ${span} hours, though some were due all the time.`
        : `No target of ${source} was crawled for ${span} hours, ${PERIODS_WITHOUT_A_CRAWL} times as long as each waits.`,
      runbook: 'nothing-crawled',
      topic,
      metric: targetMetric(isLong ? 'CrawlsOrNoneDue' : 'Crawls', stage, source, Duration.hours(1)),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: span,
      // Nobody counts to zero: an hour without a word is an hour without a crawl.
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  /** What is parked is in no queue any more: no alarm of a queue tells of it. */
  #watchEnrichment(deployment: Deployment, { topic }: PipelineStack): void {
    const { stage } = deployment;
    new RunbookAlarm(this, 'RecordsParked', {
      alarmName: nameOf(stage, 'records-parked'),
      summary: `A record has waited for more than ${PARKED_TOO_LONG.toHours()} hours for one that it refers to.`,
      runbook: 'records-parked',
      topic,
      metric: longestParked(stage, Stats.MAXIMUM),
      threshold: PARKED_TOO_LONG.toSeconds(),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.IGNORE,
    });
    if (!hasSchedules(deployment)) return;
    new RunbookAlarm(this, 'EntitiesNotPublished', {
      alarmName: nameOf(stage, 'entities-not-published'),
      summary: `No publication of entities has come to its end for ${HOURS_WITHOUT_A_PUBLICATION} hours.`,
      runbook: 'entities-not-published',
      topic,
      metric: longestParked(stage, Stats.SAMPLE_COUNT),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: HOURS_WITHOUT_A_PUBLICATION,
      // Each one tells how long a record has waited, also where none does: an hour without a word has none.
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  #drawDashboard(
    { stage }: Deployment,
    pipeline: PipelineStack,
    sources: readonly Source[],
    machines: ReadonlyMap<string, IStateMachine>,
  ): void {
    const functions = Object.values(pipeline.functions).map(({ name }) => functionNamed(this, name));
    const queues = [pipeline.failedItems, ...pipeline.enrichmentQueues.values()];
    const queueNames = [...queues.flatMap(({ name, dlqName }) => [name, dlqName]), pipeline.scheduleDlqName];
    const ofTargets: readonly TargetMetric[] = ['Crawls', 'TargetsFailed', 'TargetsLeftOut'];
    const crawled = sources.filter(({ cadence }) => cadence.kind === 'every');
    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
    new Dashboard(this, 'Dashboard', {
      dashboardName: nameOf(stage, 'overview'),
      defaultInterval: Duration.days(14),
      widgets: [
        [...machines].map(([source, stateMachine]) =>
          graph(`${source}: runs`, [
            stateMachine.metricSucceeded({ period: Duration.days(1) }),
            stateMachine.metricFailed({ period: Duration.days(1) }),
          ]),
        ),
        crawled.map(({ name }) =>
          graph(
            `${name}: targets`,
            ofTargets.map((metric) => targetMetric(metric, stage, name, Duration.hours(1))),
          ),
        ),
        [...pipeline.extractions.keys()].map((extraction) =>
          graph(
            `${extraction}: pages`,
            (['PagesExtracted', 'PagesFailed', 'PagesExhausted', 'ProviderErrors'] as const).map((metric) =>
              extractionMetric(metric, stage, extraction, Duration.hours(1)),
            ),
          ),
        ),
        [
          graph('Queues: messages', queueNames.map(messagesIn)),
          graph('Records: seconds that one has been parked (maximum)', [longestParked(stage, Stats.MAXIMUM)]),
        ],
        [
          graph(
            'Functions: duration (maximum)',
            functions.map((made) => made.metricDuration({ statistic: 'Maximum' })),
          ),
          graph(
            'Functions: errors, among them those that ask for another try',
            functions.map((made) => made.metricErrors()),
          ),
        ],
        [
          graph(
            'Functions: throttles',
            functions.map((made) => made.metricThrottles()),
          ),
        ],
      ],
    });
  }
}

function targetMetric(metricName: TargetMetric, stage: string, source: string, period: Duration): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { stage, source },
    statistic: Stats.SUM,
    period,
  });
}

function longestParked(stage: string, statistic: string): Metric {
  const metricName: EnrichmentMetric = 'LongestParked';
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { stage },
    statistic,
    period: Duration.hours(1),
  });
}
