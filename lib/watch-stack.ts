import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { RunbookAlarm } from './constructs/runbook-alarm.ts';
import { type Deployment, nameOf, pascalCase } from './deployment.ts';
import type { PipelineStack } from './pipeline-stack.ts';

/**
 * A daily run, and two hours for it to end. Counted in hours, because CloudWatch's days begin at midnight
 * UTC.
 */
const HOURS_WITHOUT_A_RUN = 26;

export interface WatchStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly pipeline: PipelineStack;
}

/**
 * Alarms on whole runs, and the dashboard. The alarms of queues and functions stand with them
 * (`constructs/`); the topic stands in the pipeline stack, because the report goes there too.
 */
export class WatchStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, pipeline, ...props }: WatchStackProps) {
    super(scope, id, { ...props, description: 'Rescrape: alarms on runs, dashboard' });
    const { topic } = pipeline;
    for (const [source, { stateMachine }] of pipeline.workflows) {
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
    this.#drawDashboard(deployment, pipeline);
  }

  #drawDashboard({ stage }: Deployment, pipeline: PipelineStack): void {
    const functions = Object.values(pipeline.functions).map((made) => made.function);
    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
    new Dashboard(this, 'Dashboard', {
      dashboardName: nameOf(stage, 'overview'),
      defaultInterval: Duration.days(14),
      widgets: [
        [...pipeline.workflows].map(([source, { stateMachine }]) =>
          graph(`${source}: runs`, [
            stateMachine.metricSucceeded({ period: Duration.days(1) }),
            stateMachine.metricFailed({ period: Duration.days(1) }),
          ]),
        ),
        [
          graph(
            'Queues: messages',
            [pipeline.failedItems.queue, pipeline.failedItems.dlq, pipeline.scheduleDlq].map((queue) =>
              queue.metricApproximateNumberOfMessagesVisible(),
            ),
          ),
          graph(
            'Functions: duration (maximum)',
            functions.map((made) => made.metricDuration({ statistic: 'Maximum' })),
          ),
        ],
        [
          graph(
            'Functions: errors, among them those that ask for another try',
            functions.map((made) => made.metricErrors()),
          ),
          graph(
            'Functions: throttles',
            functions.map((made) => made.metricThrottles()),
          ),
        ],
      ],
    });
  }
}
